"""The task-based fallback: plain candidates from templates when no model can write in time."""

from zoneinfo import ZoneInfo

from oo.domain.pools import POOL_SIZE
from oo.domain.standing import Standing
from oo.kit.clock import Clock
from oo.recommend.assembly import assemble
from oo.recommend.filling import identify
from oo.recommend.ports import TemplateWriter
from oo.store import candidates, connections, decisions, users
from oo.store import tasks as task_store
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
        async with self._db.read() as connection:
            head = (await users.heads(connection, [user_id])).get(user_id)
            listed = (await task_store.lists(connection, [user_id]))[user_id]
            available = await task_store.list_available(connection, user_id, now)
            heard = await decisions.heard(connection, user_id, now)
        if head is None or not available:
            return False
        moment = Standing(listed, ZoneInfo(head.timezone)).at(now)
        drafts = self._templates(assemble(moment, available, heard=heard), POOL_SIZE)
        async with self._db.write() as connection:
            await users.lock(connection, [user_id])
            # a source that was disconnected this moment is not spoken of any more
            listed = (await task_store.lists(connection, [user_id]))[user_id]
            moment = Standing(listed, ZoneInfo(head.timezone)).at(self._clock.now())
            fresh = identify(drafts, self._clock, moment)
            # beside what a fill may have put there this moment
            await candidates.add(connection, user_id, FALLBACK_KEY, fresh)
        return True

    async def why_nothing(self, user_id: str) -> str:
        """The reason code of a person without any candidate."""
        async with self._db.read() as connection:
            connected = await connections.list_for(connection, user_id)
        return "all_clear" if connected else "nothing_connected"
