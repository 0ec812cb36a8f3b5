"""Let a policy say of each decision what it would have picked."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.mlops import roles
from oo.mlops.roles import Order as RoleOrder


async def shadow(order: Order, connection: AsyncConnection) -> Done:
    """Raises BadRequest for a policy that there is not, Conflict for the one in force."""
    found = await roles.shadow_in(
        connection, order.whom, RoleOrder(order.actor, order.reason, order.at)
    )
    return Done(f"{found} is a shadow now.", {"role": None}, {"role": "shadow"})


ACTION = ConsoleAction(
    name="shadow-policy",
    title="Watch in shadow",
    words="It says of each decision what it would have picked, and decides nothing.",
    subject=Subject.POLICY,
    leads_to="/admin/policies",
    within=shadow,
    logged=False,
)
