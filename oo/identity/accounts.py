"""Who is behind a request: the session that its cookie stands for."""

from oo.identity.sessions import hash_token
from oo.kit.clock import Clock
from oo.kit.errors import Unauthorized
from oo.store import sessions
from oo.store.database import Database
from oo.store.sessions import SessionRow


class Accounts:
    """Turns cookies into people. Nothing is cached: an ended session ends at once, everywhere."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def of(self, cookie: str | None) -> SessionRow:
        """The live session of a cookie; raises Unauthorized when there is none."""
        if cookie:
            asked = {"hash": hash_token(cookie), "now": self._clock.now()}
            async with self._db.read_hot() as connection:
                found = (await connection.execute(sessions.FIND, asked)).first()
            if found is not None:
                return SessionRow(*found)
        raise Unauthorized("Sign in, then try again.")
