"""The person's pool of candidates as the request path sees it: cached until it moves."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer
from oo.store import candidates
from oo.store.candidates import PoolEntry
from oo.store.database import Database

KEEP = timedelta(seconds=60)


class _Cached(NamedTuple):
    version: int
    until: datetime
    entries: list[PoolEntry]


class Pool:
    """Eligible candidates by person.

    `pool_version` of the person's row tells when to reload; a task that was held back comes alive
    without any write, hence the time limit.
    """

    def __init__(self, db: Database, clock: Clock, capacity: int = 20_000) -> None:
        self._db = db
        self._clock = clock
        self._capacity = capacity
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        self._loads: Coalescer[str, list[PoolEntry]] = Coalescer(self._load)

    async def eligible(self, user_id: str, pool_version: int) -> list[PoolEntry]:
        """The candidates that may be served now, oldest first."""
        cached = self._cache.get(user_id)
        now = self._clock.now()
        if cached is None or cached.version != pool_version or cached.until <= now:
            # what is read may be newer than the version that the caller knew; then the next
            # request, which knows it, reads once more
            cached = _Cached(pool_version, now + KEEP, await self._loads.submit(user_id))
            self._cache[user_id] = cached
            if len(self._cache) > self._capacity:
                self._cache.popitem(last=False)
        return _eligible(cached.entries, now)

    async def reload(self, user_id: str) -> list[PoolEntry]:
        """The candidates that may be served now, straight from the store."""
        return _eligible(await self._loads.submit(user_id), self._clock.now())

    async def _load(self, user_ids: Sequence[str]) -> list[list[PoolEntry] | Exception]:
        async with self._db.read() as connection:
            found = await candidates.live(connection, set(user_ids), self._clock.now())
        return [found[user_id] for user_id in user_ids]


def _eligible(entries: Sequence[PoolEntry], now: datetime) -> list[PoolEntry]:
    return [
        entry
        for entry in entries
        if entry.candidate.expires_at > now
        and (entry.not_before is None or entry.not_before <= now)
    ]
