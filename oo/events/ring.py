"""The newest events, for who watches; nothing is kept in memory, the log is the ring."""

from oo.domain.events import ALL_EVENTS, LOOK_BACK, RING, EventFilter, EventPage, EventSeen
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

    async def page(self, after: int, limit: int, filters: EventFilter = ALL_EVENTS) -> EventPage:
        """As :meth:`read`, and where to go on; looks at `LOOK_BACK` events at most."""
        async with self._db.read() as connection:
            newest = await event_log.newest(connection)
            # those of a person are found by an index
            up_to = newest if filters.person else min(newest, after + LOOK_BACK)
            found = await event_log.read(connection, after, limit, filters, up_to)
        if len(found) == limit:
            return EventPage(found, found[-1].seq, is_all=False)
        return EventPage(found, max(after, up_to), is_all=up_to >= newest)

    async def start(self, filters: EventFilter = ALL_EVENTS) -> int:
        """The number behind which to begin for the newest `RING` events; with filters, for those
        among the newest `LOOK_BACK`.
        """
        if filters.person:
            return 0
        back = RING if filters == ALL_EVENTS else LOOK_BACK
        return max(0, await self.newest() - back)

    async def newest(self) -> int:
        """The number of the newest event; 0 before there is one."""
        async with self._db.read() as connection:
            return await event_log.newest(connection)
