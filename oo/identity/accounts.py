"""Who is behind a request: the session that its cookie stands for."""

from oo.identity.sessions import hash_token
from oo.kit.clock import Clock
from oo.kit.errors import Unauthorized
from oo.store import sessions
from oo.store.database import Database
from oo.store.sessions import SessionRow
from oo.store.sqlite.compiled_query import CompiledQuery


class Accounts:
    """Turns cookies into people. Nothing is cached: an ended session ends at once, everywhere."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._clock = clock
        self._find = CompiledQuery(db, sessions.FIND)

    async def of(self, cookie: str | None) -> SessionRow:
        """The live session of a cookie; raises Unauthorized when there is none."""
        if cookie:
            found = await self._find.one({"hash": hash_token(cookie), "now": self._clock.now()})
            if found is not None:
                return SessionRow(*found)
        raise Unauthorized("Sign in, then try again.")
