"""Counts that take a while are made once a minute, by whoever asks first, and shared.

Whoever finds one that is older gets it at once, with its age, and has it counted anew behind: on a
large store a count takes seconds, and nobody waits for it but the first of the hour.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar, cast

from cachetools import LRUCache

from oo.kit.clock import Clock
from oo.kit.single_flight import SingleFlight

log = logging.getLogger(__name__)

T = TypeVar("T")
FRESH_S = 60.0
SHOWN_S = 3600.0  # an older one is not shown any more
CAPACITY = 500


class _Made(NamedTuple):
    value: Any
    at: float


class Kept:
    """Values by what was asked; ten admins who look at one page count once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: LRUCache[Hashable, _Made] = LRUCache(CAPACITY)
        self._making: SingleFlight[Hashable, _Made] = SingleFlight()
        self._behind: dict[Hashable, asyncio.Task[_Made]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """The value and when it was made, on the monotonic clock; raises what `make` raises."""
        found = self._made.get(key)
        age = SHOWN_S if found is None else self._clock.monotonic() - found.at
        if found is None or age >= SHOWN_S:
            found = await self._making.join(key, lambda: self._make(key, make))
        elif age >= FRESH_S and key not in self._behind:
            self._make_behind(key, make)
        return cast(T, found.value), found.at

    def _make_behind(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> None:
        async def work() -> _Made:
            return await self._making.join(key, lambda: self._make(key, make))

        task = self._behind[key] = asyncio.create_task(work())

        def ended(task: "asyncio.Task[_Made]") -> None:
            del self._behind[key]
            if not task.cancelled() and (error := task.exception()):
                log.warning("a page shows an older count: %r", error)

        task.add_done_callback(ended)

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> _Made:
        made = _Made(await make(), self._clock.monotonic())
        self._made[key] = made
        return made

    def forget(self) -> None:
        """Count everything anew: something was changed here."""
        self._made.clear()
