"""What waits in the store, for `/metrics`: counted off the request path, once for all who ask."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from oo.domain.events import Standing
from oo.events.backlog import Untold, untold
from oo.events.replay import Replays
from oo.kit.clock import Clock
from oo.kit.single_flight import SingleFlight
from oo.store import lags
from oo.store.database import Database
from oo.store.readonly import TooSlow, aside

log = logging.getLogger(__name__)

KEEP_S = 10.0
KEEP_LONG_S = 60.0  # what is counted over more than what waits
STALE = timedelta(minutes=30)  # each is asked every five
GIVEN_UP = timedelta(days=1)


class Figures(NamedTuple):
    """The counts of one look at the store; see `oo.store.lags`."""

    standings: Sequence[Standing]
    untold: Untold
    errands: Sequence[lags.Errands]
    deliveries: lags.Due
    given_up: Mapping[str, int]
    sources: Sequence[lags.SourceLag]


class _Slow(NamedTuple):
    given_up: Mapping[str, int]
    sources: Sequence[lags.SourceLag]


class StoreFigures:
    """Counts KEEP_S apart at least, however many ask."""

    def __init__(self, db: Database, clock: Clock, replays: Replays) -> None:
        self._db = db
        self._clock = clock
        self._replays = replays
        self._counting: SingleFlight[str, Figures | None] = SingleFlight()
        self._last: Figures | None = None
        self._slow = _Slow({}, ())
        self._until = self._slow_until = float("-inf")

    async def now(self) -> Figures | None:
        """The counts; None while the store is away: figures of before would hide that."""
        if self._clock.monotonic() < self._until:
            return self._last
        return await self._counting.join("", self._count)

    async def _count(self) -> Figures | None:
        try:
            self._last = await self._counted()
        except Exception as error:
            log.warning("what waits is not known: %r", error)
            self._last = None
        self._until = self._clock.monotonic() + KEEP_S
        return self._last

    async def _counted(self) -> Figures:
        standings = await self._replays.standings()
        if self._clock.monotonic() >= self._slow_until:
            self._slow = await self._slowly()
            self._slow_until = self._clock.monotonic() + KEEP_LONG_S
        async with aside(self._db) as connection:
            return Figures(
                standings,
                await untold(connection),
                await lags.errands(connection),
                await lags.due_deliveries(connection, self._clock.now()),
                *self._slow,
            )

    async def _slowly(self) -> _Slow:
        now = self._clock.now()
        try:
            async with aside(self._db) as connection:
                given_up = await lags.given_up(connection, now - GIVEN_UP)
                return _Slow(given_up, await lags.sources(connection, now - STALE))
        except TooSlow as error:  # the others are quick, and matter more
            log.warning("sources are not counted: %s", error)
            return _Slow({}, ())
