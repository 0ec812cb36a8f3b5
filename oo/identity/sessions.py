"""Server-side sessions: the browser holds an opaque random cookie, the store its hash."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock
from oo.kit.errors import NotFound
from oo.kit.setting_groups import Limits
from oo.kit.settings import Settings
from oo.store import sessions
from oo.store.database import Database

TOKEN_BYTES = 32
ID_DIGITS = 32
MAX_USER_AGENT = 300
IDLE = Limits().session_idle  # as shipped


class OwnSession(NamedTuple):
    """One of the person's sessions; `id` names it to its owner and opens nothing."""

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    user_agent: str
    is_current: bool


def hash_token(token: str) -> str:
    """What the store knows a session cookie or a login link by."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """The proof that a form was made by oO for this session: keyed by the cookie itself."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def cookie_name(settings: Settings) -> str:
    """The session cookie: bound to the host over https, plain on a loopback http address."""
    return "__Host-sid" if settings.base_url.startswith("https:") else "sid"


async def start_session(
    connection: AsyncConnection,
    user_id: str,
    clock: Clock,
    days: int,
    user_agent: str = "",
    *,
    authenticated_at: datetime | None = None,
) -> str:
    """Begin a session; returns the cookie's value, which is kept nowhere.

    `authenticated_at` is when who it is was proven, if that was not just now.

    It is always a new one: what a browser brought before it signed in, nobody ever has.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    await sessions.add(
        connection,
        user_id,
        hash_token(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
        user_agent=user_agent[:MAX_USER_AGENT],
        authenticated_at=authenticated_at or now,
    )
    return token


class Sessions:
    """A person's own sessions."""

    def __init__(self, db: Database, clock: Clock, idle: timedelta = IDLE) -> None:
        self._db = db
        self._clock = clock
        self._idle = idle

    async def list_for(self, user_id: str, current: str) -> list[OwnSession]:
        """The person's live sessions, newest first; `current` is the cookie of this request."""
        now = self._clock.now()
        async with self._db.read() as connection:
            rows = await sessions.list_for(connection, user_id, now)
        here = hash_token(current)
        return [
            OwnSession(
                row.token_hash[:ID_DIGITS],
                row.created_at,
                row.seen_at,
                row.expires_at,
                row.user_agent,
                row.token_hash == here,
            )
            for row in rows
            if now - row.seen_at < self._idle
        ]

    async def end(self, user_id: str, session_id: str) -> None:
        """End one of the person's sessions; raises NotFound for one that is not theirs."""
        async with self._db.write() as connection:
            for row in await sessions.list_for(connection, user_id, self._clock.now()):
                if row.token_hash[:ID_DIGITS] == session_id:
                    await sessions.end(connection, user_id, row.token_hash)
                    return
        raise NotFound("There is no such session. It may be over already.")

    async def end_others(self, user_id: str, current: str) -> int:
        """End all of the person's sessions but that of the cookie `current`; how many."""
        async with self._db.write() as connection:
            return await sessions.end_others(connection, user_id, hash_token(current))

    async def sign_out(self, user_id: str, token: str, successor: str | None = None) -> None:
        """End the session of this cookie, and with it the devices that came with it.

        Where the same person has the session of the cookie `successor` in that browser now, the
        browser stays a device of theirs.
        """
        async with self._db.write() as connection:
            ended = hash_token(token)
            if successor is not None:
                await sessions.hand_over(connection, user_id, ended, hash_token(successor))
            await sessions.end(connection, user_id, ended)
