"""Turn a shadow off."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.mlops import roles
from oo.mlops.roles import Order as RoleOrder


async def unshadow(order: Order, connection: AsyncConnection) -> Done:
    """Raises BadRequest if it is no shadow."""
    found = await roles.off_in(
        connection, order.whom, RoleOrder(order.actor, order.reason, order.at)
    )
    return Done(f"{found} is no shadow any more.", {"role": "shadow"}, {"role": None})


ACTION = ConsoleAction(
    name="unshadow-policy",
    title="Turn the shadow off",
    words="It says nothing any more; what it said stays in the log.",
    subject=Subject.POLICY,
    leads_to="/admin/policies",
    within=unshadow,
    logged=False,
)
