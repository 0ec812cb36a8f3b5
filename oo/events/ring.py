"""The newest events, for who watches; nothing is kept in memory, the log is the ring."""

from oo.domain.events import ALL_EVENTS, RING, EventFilter, EventSeen
from oo.store import event_log
from oo.store.database import Database

MOST = 1000


class Ring:
    """Reads the log of events; fulfils `oo.domain.events.RecentEvents`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def read(
        self, after: int, limit: int, filters: EventFilter = ALL_EVENTS
    ) -> list[EventSeen]:
        """Events behind `after` that the filters take, the oldest first, at most `limit`."""
        async with self._db.read() as connection:
            return await event_log.read(connection, after, min(limit, MOST), filters)

    async def start(self) -> int:
        """The number behind which the newest `RING` events begin; 0 if there are fewer."""
        return max(0, await self.newest() - RING)

    async def newest(self) -> int:
        """The number of the newest event; 0 before there is one."""
        async with self._db.read() as connection:
            return await event_log.newest(connection)
