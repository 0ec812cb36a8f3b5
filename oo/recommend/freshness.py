"""The freshness of pools: the objective, and how near it oO is."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from oo.domain.service_levels import POOLS_GOOD
from oo.kit.clock import Clock
from oo.store import freshness
from oo.store.database import Database
from oo.store.readonly import aside

log = logging.getLogger(__name__)

OBJECTIVE = POOLS_GOOD
KEEP_S = 10.0


class Freshness(NamedTuple):
    """How many people are active, whose pools are good now, and the ages of pools, in seconds."""

    active: int
    good: int
    ages: Sequence[float]

    @property
    def share(self) -> float | None:
        """The share of active people whose pool is good now; None where nobody is active."""
        return self.good / self.active if self.active else None

    def age(self, quantile: float) -> float:
        """That quantile of the ages; 0 where there is no pool."""
        return float(np.quantile(self.ages, quantile)) if self.ages else 0.0


class PoolFreshness:
    """Reads it from the store, KEEP_S apart at least, off the request path."""

    def __init__(self, db: Database, clock: Clock, active_days: int) -> None:
        self._db = db
        self._clock = clock
        self._active = timedelta(days=active_days)
        self._last = Freshness(0, 0, ())
        self._until = float("-inf")
        self._looking: asyncio.Task[Freshness] | None = None

    def lately(self) -> Freshness:
        """As it was when somebody last looked; if that is a while ago, it is looked up behind."""
        if self._clock.monotonic() >= self._until and (
            self._looking is None or self._looking.done()
        ):
            self._looking = asyncio.create_task(self.now())
        return self._last

    async def now(self) -> Freshness:
        """The freshness now; what was known last while the store is away."""
        if self._clock.monotonic() < self._until:
            return self._last
        self._until = self._clock.monotonic() + KEEP_S
        now = self._clock.now()
        try:
            async with aside(self._db) as connection:
                pools = await freshness.of_active(connection, now, now - self._active)
        except Exception as error:
            log.warning("the freshness of pools is not known: %r", error)
            return self._last
        ages = [(now - one.written_at).total_seconds() for one in pools if one.written_at]
        self._last = Freshness(len(pools), sum(one.is_good for one in pools), ages)
        return self._last
