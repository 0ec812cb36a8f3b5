"""Rows of wrapped data keys, one per person."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import Hot
from oo.store.sealing import SEALED
from oo.store.tables import connections, data_keys, metadata, tip_scores
from oo.store.upsert import adding


class DataKeyRow(NamedTuple):
    """A person's data key under the key-encryption key `kek_id`."""

    user_id: str
    wrapped: bytes
    kek_id: str


# built once: whoever opens words of people whose keys are not at hand runs it
_OF = select(data_keys.c.user_id, data_keys.c.wrapped, data_keys.c.kek_id).where(
    data_keys.c.user_id.in_(bindparam("people", expanding=True))
)


_ANY = select(data_keys.c.user_id).limit(1)


async def of(connection: Hot, user_ids: Collection[str]) -> list[DataKeyRow]:
    """These people's wrapped keys, as far as there are any."""
    rows = await connection.execute(_OF, {"people": list(user_ids)})
    return [DataKeyRow(*row) for row in rows]


async def has_any(connection: Hot) -> bool:
    """Whether anything is sealed in this store."""
    return (await connection.execute(_ANY)).first() is not None


async def add(connection: Hot, row: DataKeyRow, now: datetime) -> None:
    """Store a new person's key; one that is already there stays."""
    values = {**row._asdict(), "created_at": now}
    await connection.execute(adding(connection, data_keys), [values])


async def list_not_under(connection: AsyncConnection, kek_id: str, limit: int) -> list[DataKeyRow]:
    """Keys of any people that another key-encryption key wraps: the work list of a rotation."""
    rows = await connection.execute(
        select(data_keys.c.user_id, data_keys.c.wrapped, data_keys.c.kek_id)
        .where(data_keys.c.kek_id != kek_id)
        .order_by(data_keys.c.user_id)
        .limit(limit)
    )
    return [DataKeyRow(*row) for row in rows]


async def one_of_each_master_key(connection: AsyncConnection) -> list[DataKeyRow]:
    """Anybody's key for each key-encryption key that wraps some: to check these at the start."""
    d = data_keys.c
    first = select(func.min(d.user_id)).group_by(d.kek_id)
    rows = await connection.execute(
        select(d.user_id, d.wrapped, d.kek_id).where(d.user_id.in_(first))
    )
    return [DataKeyRow(*row) for row in rows]


async def announce_writing(connection: Hot) -> None:
    """This transaction is going to add a key, wrapped as the newest master key is from now on.

    SQLite has one writer at a time, so nothing is to be said there.
    """
    if isinstance(connection, AsyncConnection) and connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE data_keys IN ROW EXCLUSIVE MODE"))


async def wait_for_writers(connection: AsyncConnection) -> None:
    """Until the transaction ends no other adds a key; those that have are waited for."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE"))


async def rewrap(connection: AsyncConnection, row: DataKeyRow) -> None:
    """Replace the wrapping of the person's key; the key itself stays."""
    await connection.execute(
        update(data_keys)
        .where(data_keys.c.user_id == row.user_id)
        .values(wrapped=row.wrapped, kek_id=row.kek_id)
    )


async def destroy(connection: AsyncConnection, user_id: str) -> None:
    """Erase the person's key: whatever it sealed can never be read again."""
    await connection.execute(delete(data_keys).where(data_keys.c.user_id == user_id))


async def abandon(connection: AsyncConnection, user_ids: Collection[str], error: str) -> None:
    """Erase these people's keys and what they sealed; each connection says `error`.

    Tasks and signals come anew from their sources; what was shown keeps its numbers.
    """
    c = connections.c
    await connection.execute(delete(data_keys).where(data_keys.c.user_id.in_(user_ids)))
    await connection.execute(
        update(connections)
        .where(c.user_id.in_(user_ids), c.secret.is_not(None))
        .values(secret=None, status="reconnect", error=error)
    )
    for table in metadata.sorted_tables:
        if SEALED not in table.c:
            continue
        lost = table.c.user_id.in_(user_ids) & table.c.sealed.is_not(None)
        if table in (tip_scores, connections):
            await connection.execute(update(table).where(lost).values(sealed=None))
        else:
            await connection.execute(delete(table).where(lost))
    await connection.execute(update(connections).where(c.user_id.in_(user_ids)).values(cursor=None))


async def lacking(connection: AsyncConnection) -> list[str]:
    """People who have sealed words, and no key that would open them."""
    found = set[str]()
    with_key = select(data_keys.c.user_id)
    for table in metadata.sorted_tables:
        if SEALED in table.c:
            of = table.c.user_id
            query = select(of).where(table.c.sealed.is_not(None), of.not_in(with_key)).distinct()
            found |= set((await connection.execute(query)).scalars())
    return sorted(found)


async def every(connection: AsyncConnection) -> list[DataKeyRow]:
    """Everybody's key, for the operator's check of the master keys."""
    d = data_keys.c
    rows = await connection.execute(select(d.user_id, d.wrapped, d.kek_id).order_by(d.user_id))
    return [DataKeyRow(*row) for row in rows]
