"""Rows of the short-lived tokens of machines: kept by their hash, never as they are."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import machine_tokens

LISTED_FOR = timedelta(days=30)  # after their end


class MachineTokenRow(NamedTuple):
    """A token as stored."""

    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_COLUMNS = (
    machine_tokens.c.id,
    machine_tokens.c.name,
    machine_tokens.c.role,
    machine_tokens.c.created_at,
    machine_tokens.c.expires_at,
    machine_tokens.c.revoked_at,
)


async def add(connection: AsyncConnection, row: MachineTokenRow, token_hash: str) -> None:
    """Store a token that was just made and forget those that ended long ago."""
    await connection.execute(
        delete(machine_tokens).where(machine_tokens.c.expires_at <= row.created_at - LISTED_FOR)
    )
    await connection.execute(insert(machine_tokens).values(**row._asdict(), token_hash=token_hash))


async def find(
    connection: AsyncConnection, token_hash: str, now: datetime
) -> MachineTokenRow | None:
    """The token with this hash that is good now."""
    t = machine_tokens.c
    query = select(*_COLUMNS).where(
        t.token_hash == token_hash, t.expires_at > now, t.revoked_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return MachineTokenRow(*row) if row else None


async def every(connection: AsyncConnection) -> list[MachineTokenRow]:
    """All tokens, newest first; ended ones too."""
    query = select(*_COLUMNS).order_by(machine_tokens.c.created_at.desc(), machine_tokens.c.id)
    return [MachineTokenRow(*row) for row in await connection.execute(query)]


async def revoke(connection: AsyncConnection, token_id: str, now: datetime) -> bool:
    """End the token before its time; whether there was one that was good."""
    t = machine_tokens.c
    ended = await connection.execute(
        update(machine_tokens)
        .where(t.id == token_id, t.revoked_at.is_(None), t.expires_at > now)
        .values(revoked_at=now)
    )
    return ended.rowcount == 1
