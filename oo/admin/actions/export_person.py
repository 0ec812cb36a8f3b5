"""Everything that is kept of a person as one archive: what they can take along themselves."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, File, Order, Subject
from oo.admin.subjects import person_of
from oo.identity.takeout import takeout
from oo.store.category import amount, categories


async def export(order: Order, connection: AsyncConnection) -> Done:
    """The archive is made while it is sent, and stands nowhere; the entry is there before it is."""
    await person_of(connection, order.whom)
    kept = [await amount(connection, one, order.whom) for one in categories().values()]
    pieces = takeout(order.parts.db, order.whom, order.at)
    return Done(
        "What is kept of them is sent to you.",
        {},
        {"rows": sum(one.rows for one in kept)},
        File(f"oo-{order.whom[-8:]}-{order.at:%Y-%m-%d}.zip", "application/zip", pieces),
    )


ACTION = ConsoleAction(
    name="export-person",
    title="Export what is kept",
    words="One archive of all that is kept of them, with their words: as they asked you for it.",
    subject=Subject.PERSON,
    leads_to="/admin/people/{}",
    within=export,
    audited_as="data.export",
)
