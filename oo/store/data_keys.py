"""Rows of wrapped data keys, one per person."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import connections, data_keys
from oo.store.upsert import insert_into


class DataKeyRow(NamedTuple):
    """A person's data key under the key-encryption key `kek_id`."""

    user_id: str
    wrapped: bytes
    kek_id: str


async def get(connection: AsyncConnection, user_id: str) -> DataKeyRow | None:
    """The person's wrapped key, if there is one."""
    row = (
        await connection.execute(
            select(data_keys.c.user_id, data_keys.c.wrapped, data_keys.c.kek_id).where(
                data_keys.c.user_id == user_id
            )
        )
    ).first()
    return DataKeyRow(*row) if row else None


async def add(connection: AsyncConnection, row: DataKeyRow, now: datetime) -> None:
    """Store a new person's key; one that is already there stays."""
    await connection.execute(
        insert_into(connection, data_keys)
        .values(**row._asdict(), created_at=now)
        .on_conflict_do_nothing(index_elements=[data_keys.c.user_id])
    )


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
    """Erase these people's keys and what they sealed; each connection says `error`."""
    c = connections.c
    await connection.execute(delete(data_keys).where(data_keys.c.user_id.in_(user_ids)))
    await connection.execute(
        update(connections)
        .where(c.user_id.in_(user_ids), c.secret.is_not(None))
        .values(secret=None, status="reconnect", error=error)
    )


async def every(connection: AsyncConnection) -> list[DataKeyRow]:
    """Everybody's key, for the operator's check of the master keys."""
    d = data_keys.c
    rows = await connection.execute(select(d.user_id, d.wrapped, d.kek_id).order_by(d.user_id))
    return [DataKeyRow(*row) for row in rows]
