"""Rows of sessions: looked up by the hash of the cookie, never by the cookie."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import devices
from oo.store.database import PURGE_ROWS, Hot
from oo.store.tables import UtcDateTime, sessions, users

# every request runs it
_LIVE = (
    select(
        sessions.c.token_hash,
        sessions.c.user_id,
        users.c.name,
        users.c.email,
        users.c.timezone,
        users.c.user_seq,
        users.c.pool_version,
        sessions.c.expires_at,
        sessions.c.authenticated_at,
        sessions.c.seen_at,
        users.c.role,
        users.c.past_version,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .where(
        sessions.c.token_hash.in_(bindparam("hashes", expanding=True)),
        sessions.c.expires_at > bindparam("now", type_=UtcDateTime),
        users.c.deleted_at.is_(None),
    )
)


class SessionRow(NamedTuple):
    """A live session with what the request path needs of its person."""

    token_hash: str
    user_id: str
    name: str
    email: str
    timezone: str
    user_seq: int
    pool_version: int
    expires_at: datetime
    authenticated_at: datetime
    seen_at: datetime
    role: str
    past_version: int


async def live(connection: Hot, token_hashes: Collection[str], now: datetime) -> list[SessionRow]:
    """Those of the sessions with these hashes that have not ended, of people who are there."""
    asked = {"hashes": list(token_hashes), "now": now}
    return [SessionRow._make(row) for row in await connection.execute(_LIVE, asked)]


class SessionListing(NamedTuple):
    """One of the person's own sessions, as the connect page lists it."""

    token_hash: str
    created_at: datetime
    expires_at: datetime
    user_agent: str
    seen_at: datetime


async def add(
    connection: AsyncConnection,
    user_id: str,
    token_hash: str,
    *,
    created_at: datetime,
    expires_at: datetime,
    user_agent: str,
    authenticated_at: datetime,
) -> None:
    """Store a session that was just begun."""
    await connection.execute(
        insert(sessions).values(
            token_hash=token_hash,
            user_id=user_id,
            created_at=created_at,
            expires_at=expires_at,
            user_agent=user_agent,
            authenticated_at=authenticated_at,
            seen_at=created_at,
        )
    )


async def list_for(
    connection: AsyncConnection, user_id: str, now: datetime
) -> list[SessionListing]:
    """The person's live sessions, newest first."""
    rows = await connection.execute(
        select(
            sessions.c.token_hash,
            sessions.c.created_at,
            sessions.c.expires_at,
            sessions.c.user_agent,
            sessions.c.seen_at,
        )
        .where(sessions.c.user_id == user_id, sessions.c.expires_at > now)
        .order_by(sessions.c.created_at.desc(), sessions.c.token_hash)
    )
    return [SessionListing(*row) for row in rows]


async def end(connection: AsyncConnection, user_id: str, token_hash: str) -> bool:
    """End one of the person's sessions and the devices that came with it; whether there was one."""
    await devices.end_session(connection, user_id, token_hash)
    gone = await connection.execute(
        delete(sessions).where(sessions.c.user_id == user_id, sessions.c.token_hash == token_hash)
    )
    return gone.rowcount > 0


async def hand_over(
    connection: AsyncConnection, user_id: str, token_hash: str, successor: str
) -> None:
    """The devices of one session of the person belong to another, if that is theirs too."""
    query = select(sessions.c.token_hash).where(
        sessions.c.user_id == user_id, sessions.c.token_hash == successor
    )
    if (await connection.execute(query)).first() is not None:
        await devices.hand_over(connection, user_id, token_hash, successor)


async def end_others(connection: AsyncConnection, user_id: str, token_hash: str) -> int:
    """End all of the person's sessions but this one, and their devices; how many sessions.

    All of them without one.
    """
    await devices.end_other_sessions(connection, user_id, token_hash)
    gone = await connection.execute(
        delete(sessions).where(sessions.c.user_id == user_id, sessions.c.token_hash != token_hash)
    )
    return gone.rowcount


async def note_use(
    connection: AsyncConnection, user_id: str, token_hash: str, now: datetime
) -> None:
    """Keep that the session is in use."""
    await connection.execute(
        update(sessions)
        .where(
            sessions.c.user_id == user_id,
            sessions.c.token_hash == token_hash,
            sessions.c.seen_at < now,
        )
        .values(seen_at=now)
    )


async def purge_expired(connection: AsyncConnection, now: datetime) -> int:
    """Delete sessions that ended by themselves; how many."""
    gone = await connection.execute(
        delete(sessions).where(
            sessions.c.token_hash.in_(
                select(sessions.c.token_hash).where(sessions.c.expires_at <= now).limit(PURGE_ROWS)
            )
        )
    )
    return gone.rowcount
