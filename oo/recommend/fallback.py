"""The task-based fallback: plain candidates from templates when no model can write in time."""

from zoneinfo import ZoneInfo

from oo.domain.pools import POOL_SIZE
from oo.kit.clock import Clock
from oo.recommend.assembly import assemble
from oo.recommend.filling import end_of_daypart, identify
from oo.recommend.ports import TemplateWriter
from oo.store import candidates, connections
from oo.store import tasks as task_store
from oo.store.candidates import PoolEntry
from oo.store.database import Database

FALLBACK_KEY = "fallback"


class FallbackPool:
    """Puts template candidates into an empty pool, so that a tip always comes."""

    def __init__(self, db: Database, clock: Clock, templates: TemplateWriter) -> None:
        self._db = db
        self._clock = clock
        self._templates = templates

    async def make(self, user_id: str, timezone: ZoneInfo) -> list[PoolEntry]:
        """Candidates about the person's open tasks; none if nothing is left to speak of."""
        now = self._clock.now()
        async with self._db.read() as connection:
            available = await task_store.list_available(connection, user_id, now)
        if not available:
            return []
        local = now.astimezone(timezone)
        drafts = self._templates(assemble(local, available), POOL_SIZE)
        fresh = identify(drafts, self._clock, end_of_daypart(local))
        async with self._db.write() as connection:
            # beside what a fill may have put there this moment, which the next request finds
            await candidates.add(connection, user_id, FALLBACK_KEY, fresh)
        by_id = {task.id: task for task in available}
        return [
            PoolEntry(candidate, FALLBACK_KEY, None, by_id.get(candidate.task_id or ""))
            for candidate in fresh
        ]

    async def why_nothing(self, user_id: str) -> str:
        """The reason code of a person without any candidate."""
        async with self._db.read() as connection:
            connected = await connections.list_for(connection, user_id)
        return "all_clear" if connected else "nothing_connected"
