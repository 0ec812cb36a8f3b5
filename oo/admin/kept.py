"""Counts that take a while are made once a minute, by whoever asks first, and shared."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar, cast

from cachetools import LRUCache

from oo.kit.clock import Clock
from oo.kit.single_flight import SingleFlight

T = TypeVar("T")
FRESH_S = 60.0
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

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """The value and when it was made, on the monotonic clock; raises what `make` raises."""
        found = self._made.get(key)
        if found is None or self._clock.monotonic() - found.at >= FRESH_S:
            found = await self._making.join(key, lambda: self._make(key, make))
        return cast(T, found.value), found.at

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> _Made:
        made = _Made(await make(), self._clock.monotonic())
        self._made[key] = made
        return made

    def forget(self) -> None:
        """Count everything anew: something was changed here."""
        self._made.clear()
