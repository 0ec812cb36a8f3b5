"""Sign a person out everywhere."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.admin.subjects import person_of
from oo.store import sessions


async def end(order: Order, connection: AsyncConnection) -> Done:
    """All sessions end at once."""
    await person_of(connection, order.whom)
    ended = await sessions.end_others(connection, order.whom, "")
    return Done(f"{ended} sessions ended.", {"sessions": ended}, {"sessions": 0})


ACTION = ConsoleAction(
    name="end-sessions",
    title="End all sessions",
    words="They are signed out everywhere, and sign in again when they come back.",
    subject=Subject.PERSON,
    leads_to="/admin/people/{}",
    within=end,
)
