"""Undo the last promotion: what was in force before decides again, at once."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.mlops import roles
from oo.mlops.roles import Order as RoleOrder


async def demote(order: Order, connection: AsyncConnection) -> Done:
    """Running shards follow within a second. Raises Conflict if nothing was promoted."""
    done = await roles.demote_in(connection, RoleOrder(order.actor, order.reason, order.at))
    return Done(
        f"{done.policy} is out; {done.now} is in force again.",
        {"in_force": str(done.policy)},
        {"in_force": str(done.now)},
    )


ACTION = ConsoleAction(
    name="demote-policy",
    title="Undo the last promotion",
    words="The policy that was in force before decides again, within a second.",
    subject=Subject.POLICY,
    leads_to="/admin/policies",
    within=demote,
    logged=False,
)
