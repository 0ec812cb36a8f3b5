"""Read a person's titles and texts for a quarter of an hour; the reason is kept before."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.admin.desk import LOOK, LOOK_LASTS
from oo.admin.subjects import person_of

MINUTES = int(LOOK_LASTS.total_seconds() // 60)


async def look(order: Order, connection: AsyncConnection) -> Done:
    """Nothing changes but the log, which is what opens the texts."""
    await person_of(connection, order.whom)
    return Done(f"Their words are shown to you for {MINUTES} minutes.", {}, {"minutes": MINUTES})


ACTION = ConsoleAction(
    name="look",
    title="Show their words",
    words=f"Titles and texts are theirs. Say why you read them; you can for {MINUTES} minutes.",
    subject=Subject.PERSON,
    leads_to="/admin/people/{}",
    within=look,
    audited_as=LOOK,
)
