"""Who is behind a request: the session that its cookie stands for."""

import logging
from datetime import timedelta

from oo.identity.sessions import IDLE, hash_token
from oo.kit.clock import Clock
from oo.kit.errors import Unauthorized
from oo.store import sessions
from oo.store.database import Database
from oo.store.failures import store_is_away
from oo.store.sessions import SessionRow

log = logging.getLogger(__name__)

NOTED_EACH = timedelta(minutes=10)  # a write per request would cost more than the request


class Accounts:
    """Turns cookies into people. Nothing is cached: an ended session ends at once, everywhere."""

    def __init__(self, db: Database, clock: Clock, idle: timedelta = IDLE) -> None:
        self._db = db
        self._clock = clock
        self._idle = idle

    async def of(self, cookie: str | None) -> SessionRow:
        """The live session of a cookie; raises Unauthorized when there is none."""
        now = self._clock.now()
        if cookie:
            asked = {"hash": hash_token(cookie), "now": now}
            async with self._db.read_hot() as connection:
                found = (await connection.execute(sessions.FIND, asked)).first()
            session = None if found is None else SessionRow(*found)
            if session is not None and now - session.seen_at < self._idle:
                if now - session.seen_at >= NOTED_EACH:
                    await self._note_use(session)
                return session
        raise Unauthorized("Sign in, then try again.")

    async def _note_use(self, session: SessionRow) -> None:
        try:
            async with self._db.write() as connection:
                await sessions.note_use(
                    connection, session.user_id, session.token_hash, self._clock.now()
                )
        except Exception as error:
            if not store_is_away(error):
                raise
            log.warning("the last use of a session was not kept: %s", error)
