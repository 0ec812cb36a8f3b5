"""Disconnect one of a person's sources: the grant is revoked at its provider, then erased."""

from oo.admin.action import ConsoleAction, Done, Order, Subject
from oo.admin.subjects import person_of
from oo.kit.errors import NotFound
from oo.store import connections


async def revoke(order: Order) -> Done:
    """What the source told is erased; revoking there is an errand that is tried for a week."""
    parts = order.parts
    async with parts.db.read() as connection:
        await person_of(connection, order.whom)
        row = await connections.get(connection, order.whom, order.what)
    if row is None:
        raise NotFound("They have no such connection.")
    await parts.integrations.disconnect(order.whom, order.what)
    return Done(
        f"{order.what} is disconnected, and what it told is erased.",
        {
            "source": order.what,
            "status": row.status,
            "connected_at": row.connected_at.isoformat(),
            "has_grant": row.secret is not None,
        },
        {"source": order.what, "status": None, "has_grant": False},
    )


ACTION = ConsoleAction(
    name="revoke-connection",
    title="Disconnect",
    words="The grant is revoked at its provider, and what the source told is erased.",
    subject=Subject.CONNECTION,
    leads_to="/admin/people/{}",
    beside=revoke,
    audited_as="connection.revoke",
    grave=True,
)
