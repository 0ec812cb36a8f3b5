"""Requests of admins that were carried out, by a hash of their key: each is done once."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.console_tables import admin_requests
from oo.store.database import PURGE_ROWS
from oo.store.upsert import insert_into

KEPT = timedelta(days=1)


async def claim(connection: AsyncConnection, key: str, now: datetime) -> bool:
    """Whether nobody has used the key yet; from now on somebody has."""
    statement = insert_into(connection, admin_requests).values(key_hash=_hash(key), at=now)
    made = await connection.execute(statement.on_conflict_do_nothing(index_elements=["key_hash"]))
    return made.rowcount == 1


async def release(connection: AsyncConnection, key: str) -> None:
    """Give a key back whose request has changed nothing."""
    await connection.execute(delete(admin_requests).where(admin_requests.c.key_hash == _hash(key)))


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Forget some keys that are a day old; how many."""
    r = admin_requests.c
    old = select(r.key_hash).where(r.at < now - KEPT).limit(PURGE_ROWS)
    gone = await connection.execute(delete(admin_requests).where(r.key_hash.in_(old)))
    return gone.rowcount


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
