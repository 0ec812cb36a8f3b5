"""What is set right of a person who has moved in from another oO."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.connections import CONNECTED, RECONNECT
from oo.store.tables import connections, feedback, user_models, users

AGAIN = "Connect again: what this source granted stayed at your former oO."


async def is_known(connection: AsyncConnection, user_id: str) -> bool:
    """Whether there is such a person, or the tombstone of one."""
    query = select(users.c.id).where(users.c.id == user_id)
    return (await connection.execute(query)).first() is not None


async def ask_to_connect(connection: AsyncConnection, user_id: str, source: str) -> None:
    """The source is to be connected again before it is read."""
    c = connections.c
    await connection.execute(
        update(connections)
        .where(c.user_id == user_id, c.source == source, c.status == CONNECTED)
        .values(status=RECONNECT, error=AGAIN)
    )


async def settle(connection: AsyncConnection, user_id: str) -> None:
    """Make the counts fit the rows, which were read one table after another.

    A state that knows more reactions than there are is folded anew from those that there are.
    """
    f, m = feedback.c, user_models.c
    query = select(func.coalesce(func.max(f.user_seq), 0)).where(f.user_id == user_id)
    seq = (await connection.execute(query)).scalar_one()
    await connection.execute(update(users).where(users.c.id == user_id).values(user_seq=seq))
    await connection.execute(user_models.delete().where(m.user_id == user_id, m.applied_seq > seq))
