"""Rows of a person's connections to signal sources."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import Hot
from oo.store.sealing import SEALED, Stored, opened_rows, sealed_rows
from oo.store.tables import connections
from oo.store.upsert import putting

CONNECTED = "connected"
RECONNECT = "reconnect"


class ConnectionRow(NamedTuple):
    """A connection; `secret` is the grant as the vault sealed it, None for an upload.

    `synced_at` is when reading the source began the last time that it worked, `cursor` where its
    next delta begins; None if it is to tell everything.
    """

    source: str
    account: str
    status: str
    secret: bytes | None
    connected_at: datetime
    synced_at: datetime | None
    error: str | None
    cursor: str | None = None


_COLUMNS = (
    connections.c.source,
    connections.c.account,
    connections.c.status,
    connections.c.secret,
    connections.c.connected_at,
    connections.c.synced_at,
    connections.c.error,
    connections.c.cursor,
    connections.c.sealed,
)
# not `asked_at`: whoever connects anew does not go before others who wait for their turn
_PUT = (*(name for name in ConnectionRow._fields if name != "source"), SEALED)
# built once: each slice of a long import runs it
_GET = select(*_COLUMNS).where(
    connections.c.user_id == bindparam("person"), connections.c.source == bindparam("source")
)


async def put(connection: Hot, user_id: str, row: ConnectionRow) -> None:
    """Store the connection in place of an earlier one to the same source."""
    told = {"user_id": user_id, **row._asdict()}
    [values] = await sealed_rows(connection, connections, [told])
    await connection.execute(putting(connection, connections, _PUT), [values])


async def get(connection: Hot, user_id: str, source: str) -> ConnectionRow | None:
    """The person's connection to `source`, if there is one."""
    rows = await connection.execute(_GET, {"person": user_id, "source": source})
    found = await _opened(connection, user_id, rows.mappings())
    return found[0] if found else None


async def list_for(connection: AsyncConnection, user_id: str) -> list[ConnectionRow]:
    """All connections of the person."""
    rows = await connection.execute(
        select(*_COLUMNS).where(connections.c.user_id == user_id).order_by(connections.c.source)
    )
    return await _opened(connection, user_id, rows.mappings())


async def _opened(connection: Hot, user_id: str, rows: Iterable[Stored]) -> list[ConnectionRow]:
    found = await opened_rows(connection, connections, user_id, rows)
    return [ConnectionRow(*(row[name] for name in ConnectionRow._fields)) for row in found]


class Granted(NamedTuple):
    """A grant as the vault sealed it."""

    source: str
    secret: bytes


async def granted(connection: AsyncConnection, user_id: str) -> list[Granted]:
    """What the person's sources granted; it is there whether or not it can still be opened."""
    c = connections.c
    rows = await connection.execute(
        select(c.source, c.secret)
        .where(c.user_id == user_id, c.secret.is_not(None))
        .order_by(c.source)
    )
    return [Granted(*row) for row in rows]


async def set_secret(connection: AsyncConnection, user_id: str, source: str, secret: bytes) -> None:
    """Replace the sealed grant."""
    await connection.execute(
        update(connections)
        .where(connections.c.user_id == user_id, connections.c.source == source)
        .values(secret=secret)
    )


async def set_failed(
    connection: AsyncConnection,
    user_id: str,
    source: str,
    status: str | None,
    error: str,
    now: datetime,
) -> None:
    """Say what went wrong just now; `error` is a sentence for the person.

    Without a `status` it stays what it is: who is to connect again is so after any other failure.

    The source counts as asked, so that one that fails does not hold up the others' turn; what was
    read last stays as old as it is.
    """
    await connection.execute(
        update(connections)
        .where(connections.c.user_id == user_id, connections.c.source == source)
        .values(error=error, asked_at=now, **({"status": status} if status else {}))
    )


async def set_synced(
    connection: AsyncConnection,
    user_id: str,
    source: str,
    asked_at: datetime,
    cursor: str | None = None,
) -> None:
    """Say that the source was read; `asked_at` is when that began."""
    await connection.execute(
        update(connections)
        .where(connections.c.user_id == user_id, connections.c.source == source)
        .values(synced_at=asked_at, asked_at=asked_at, cursor=cursor, status=CONNECTED, error=None)
    )


async def read_whole(connection: AsyncConnection, user_id: str) -> None:
    """Have the person's sources tell everything the next time, not only what is new."""
    await connection.execute(
        update(connections).where(connections.c.user_id == user_id).values(cursor=None)
    )


async def remove(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Erase the connection with its grant."""
    await connection.execute(
        delete(connections).where(connections.c.user_id == user_id, connections.c.source == source)
    )


async def note_asked(connection: AsyncConnection, user_ids: Collection[str], now: datetime) -> None:
    """Say that these people have had their turn, whatever comes of it."""
    await connection.execute(
        update(connections).where(connections.c.user_id.in_(user_ids)).values(asked_at=now)
    )


async def due_for_sync(connection: AsyncConnection, before: datetime, limit: int) -> list[str]:
    """People with a healthy connection that was not asked since `before`, the stalest first.

    One that was never asked goes before all others.
    """
    stalest = func.min(connections.c.asked_at)
    query = (
        select(connections.c.user_id)
        .where(
            connections.c.status == "connected",
            connections.c.secret.is_not(None),
            (connections.c.asked_at.is_(None)) | (connections.c.asked_at < before),
        )
        .group_by(connections.c.user_id)
        .order_by(stalest.nulls_first(), connections.c.user_id)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())
