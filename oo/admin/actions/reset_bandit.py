"""Forget what was learnt of a person: the fold begins anew."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.admin.subjects import person_of
from oo.store import history, users


async def reset(order: Order, connection: AsyncConnection) -> Done:
    """Their reactions stay as numbered rows without content; every holder of a state follows."""
    await person_of(connection, order.whom)
    before = (await users.lock(connection, [order.whom]))[order.whom].user_seq
    await history.forget_learnt(connection, order.whom, order.at)
    after = (await users.lock(connection, [order.whom]))[order.whom].user_seq
    order.parts.wake(order.whom, after)
    return Done(
        "What was learnt is forgotten; the next tip is picked as for somebody new.",
        {"reactions_learnt_from": before},
        {"reactions_learnt_from": 0, "user_seq": after},
    )


ACTION = ConsoleAction(
    name="reset-bandit",
    title="Reset the bandit",
    words="What their reactions taught is erased for good. Tasks and tips stay.",
    subject=Subject.PERSON,
    leads_to="/admin/people/{}",
    within=reset,
    grave=True,
)
