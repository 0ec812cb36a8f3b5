"""The task-based fallback: plain candidates from templates when no model can write in time."""

from oo.domain.pools import POOL_SIZE
from oo.kit.clock import Clock
from oo.recommend.filling import identify
from oo.recommend.gathering import known, tell
from oo.recommend.ports import TemplateWriter
from oo.store import candidates, connections, users
from oo.store.database import Database

FALLBACK_KEY = "fallback"


class FallbackPool:
    """Puts template candidates into an empty pool, so that a tip always comes."""

    def __init__(self, db: Database, clock: Clock, templates: TemplateWriter) -> None:
        self._db = db
        self._clock = clock
        self._templates = templates

    async def make(self, user_id: str) -> bool:
        """Put candidates about the person's tasks into their pool.

        False, and nothing is done, where nothing is left to speak of.
        """
        now = self._clock.now()
        async with self._db.read_hot() as connection:
            found = await known(connection, user_id, now)
            if found is None or not found.told:
                return False
            told = await tell(connection, user_id, found, now)
        drafts = self._templates(told.context, POOL_SIZE)
        async with self._db.write_hot() as connection:
            person = (await users.lock(connection, [user_id])).get(user_id)
            now = self._clock.now()
            if person is not None and person.pool_version != found.pool_version:
                # a source that was disconnected this moment is not spoken of any more
                found = await known(connection, user_id, now)
            if person is None or person.deleted or found is None:
                return False
            fresh = identify(drafts, self._clock, found.standing.at(now))
            # beside what a fill may have put there this moment
            await candidates.add(connection, user_id, FALLBACK_KEY, fresh)
        return True

    async def why_nothing(self, user_id: str) -> str:
        """The reason code of a person without any candidate."""
        async with self._db.read() as connection:
            connected = await connections.list_for(connection, user_id)
        return "all_clear" if connected else "nothing_connected"
