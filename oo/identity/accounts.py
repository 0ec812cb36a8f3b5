"""Who is behind a request: the session that its cookie stands for."""

import asyncio
import logging
from datetime import timedelta

from oo.identity.sessions import IDLE, hash_token
from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer, Take
from oo.kit.errors import Unauthorized, Unavailable
from oo.store import sessions
from oo.store.database import Database
from oo.store.failures import store_is_away
from oo.store.sessions import SessionRow

log = logging.getLogger(__name__)

NOBODY = "Sign in, then try again."
LOOK_LIMIT_S = 5.0
NOTED_EACH = timedelta(minutes=10)  # a write per request would cost more than the request


class Accounts:
    """Turns cookies into people. Nothing is cached: an ended session ends at once, everywhere."""

    def __init__(self, db: Database, clock: Clock, idle: timedelta = IDLE) -> None:
        self._db = db
        self._clock = clock
        self._idle = idle
        self._finding: Coalescer[str, SessionRow] = Coalescer(self._find, name="sessions.find")

    async def of(self, cookie: str | None) -> SessionRow:
        """The live session of a cookie; raises Unauthorized when there is none."""
        if not cookie:
            raise Unauthorized(NOBODY)
        session = await self._finding.submit(hash_token(cookie))
        if self._clock.now() - session.seen_at >= NOTED_EACH:
            await self._note_use(session)
        return session

    async def _find(self, take: Take[str]) -> list[SessionRow | Exception]:
        """The sessions with these hashes: one look for all who ask at the same time."""
        try:
            async with asyncio.timeout(LOOK_LIMIT_S), self._db.read_hot() as connection:
                hashes, now = take(), self._clock.now()
                live = await sessions.live(connection, hashes, now)
        except TimeoutError:  # nobody waits behind a look that never ends
            raise Unavailable("oO is busy; ask again in a moment.", retry_after=1) from None
        found = {it.token_hash: it for it in live if now - it.seen_at < self._idle}
        return [found.get(it) or Unauthorized(NOBODY) for it in hashes]

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
