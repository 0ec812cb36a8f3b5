"""Delete a person's account, as they can themselves."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.admin.subjects import person_of
from oo.domain.roles import Role
from oo.kit.errors import Conflict, NotFound
from oo.store import erasures, users


async def delete(order: Order, connection: AsyncConnection) -> Done:
    """All access ends at once; the rows go within a day. The entry is that of every erasure."""
    person = await person_of(connection, order.whom)
    if person.role == Role.ADMIN and await users.admins(connection) == [order.whom]:
        raise Conflict("Make somebody else an admin first.")
    receipt = await erasures.begin(connection, order.whom, order.at, order.actor, order.reason)
    if receipt is None:
        raise NotFound("There is no such person.")
    return Done(
        "Their access is over; everything of theirs goes within a day.",
        {"deleted": False},
        {"deleted": True, "receipt": receipt.id},
    )


ACTION = ConsoleAction(
    name="delete-person",
    title="Delete the account",
    words="All access ends now, and everything of theirs is erased within a day. For good.",
    subject=Subject.PERSON,
    leads_to="/admin/people",
    within=delete,
    audited_as="person.delete",
    grave=True,
)
