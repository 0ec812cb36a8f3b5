"""Rows of VAPID keys (RFC 8292): the newest signs for new subscriptions, each for its own."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import vapid_keys
from oo.store.upsert import insert_into


class VapidKeyRow(NamedTuple):
    """A key as stored; `private_key` is sealed under the master key `kek_id`."""

    generation: int
    id: str
    public_key: str
    private_key: bytes
    kek_id: str
    created_at: datetime


_k = vapid_keys.c
_COLUMNS = [_k[name] for name in VapidKeyRow._fields]


async def add(connection: AsyncConnection, row: VapidKeyRow) -> None:
    """Store a key that was just made, unless another process was first with its generation."""
    await connection.execute(
        insert_into(connection, vapid_keys).values(**row._asdict()).on_conflict_do_nothing()
    )


async def every(connection: AsyncConnection) -> list[VapidKeyRow]:
    """All keys, the newest first."""
    rows = await connection.execute(select(*_COLUMNS).order_by(_k.generation.desc()))
    return [VapidKeyRow(*row) for row in rows]


async def newest(connection: AsyncConnection) -> VapidKeyRow | None:
    """The key for new subscriptions."""
    query = select(*_COLUMNS).order_by(_k.generation.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return VapidKeyRow(*row) if row else None


async def find(connection: AsyncConnection, key_id: str) -> VapidKeyRow | None:
    """The key of that id."""
    row = (await connection.execute(select(*_COLUMNS).where(_k.id == key_id))).first()
    return VapidKeyRow(*row) if row else None


async def reseal(connection: AsyncConnection, key_id: str, private_key: bytes, kek_id: str) -> None:
    """Keep the same key, sealed anew."""
    await connection.execute(
        update(vapid_keys).where(_k.id == key_id).values(private_key=private_key, kek_id=kek_id)
    )


async def retire(connection: AsyncConnection, in_use: Collection[str]) -> int:
    """Delete the keys that no device needs; the newest stays. How many went."""
    newest_generation = select(func.max(_k.generation)).scalar_subquery()
    gone = await connection.execute(
        delete(vapid_keys).where(_k.id.not_in(in_use), _k.generation < newest_generation)
    )
    return gone.rowcount
