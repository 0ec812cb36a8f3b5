"""Rows of one-time local login links; they belong to no person until they are used."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import login_links


async def add(
    connection: AsyncConnection, token_hash: str, created_at: datetime, expires_at: datetime
) -> None:
    """Store a link that was just made and forget those that ran out."""
    await connection.execute(delete(login_links).where(login_links.c.expires_at <= created_at))
    await connection.execute(
        insert(login_links).values(
            token_hash=token_hash, created_at=created_at, expires_at=expires_at
        )
    )


async def is_live(connection: AsyncConnection, token_hash: str, now: datetime) -> bool:
    """Whether the link could be used now."""
    query = select(login_links.c.token_hash).where(*_live(token_hash, now))
    return (await connection.execute(query)).first() is not None


async def use(connection: AsyncConnection, token_hash: str, now: datetime) -> bool:
    """Use up the link: true for exactly one caller, and only before it runs out."""
    used = await connection.execute(
        update(login_links).where(*_live(token_hash, now)).values(used_at=now)
    )
    return used.rowcount == 1


def _live(token_hash: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        login_links.c.token_hash == token_hash,
        login_links.c.used_at.is_(None),
        login_links.c.expires_at > now,
    )
