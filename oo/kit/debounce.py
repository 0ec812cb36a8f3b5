"""Doing something once after things have been quiet for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import NamedTuple

from oo.kit import tracing


class _Timer(NamedTuple):
    """A call to come, and when: uvloop's own handle of one that is due at once cannot tell."""

    at: float
    handle: asyncio.Handle


class Debounce:
    """Runs `run(key)` `quiet_s` after the last note of that key, `at_most_s` after the first one.

    Never twice at once for a key: what is noted while it runs is for the next time. `run` must not
    raise. `name` is what a run is called in traces; it links to what noted its key, a person's id.
    """

    def __init__(
        self,
        run: Callable[[str], Awaitable[None]],
        quiet_s: float,
        at_most_s: float,
        name: str = "debounced",
    ) -> None:
        self._name = name
        self._causes: dict[str, list[tracing.Cause]] = {}
        self._run = run
        self._quiet_s = quiet_s
        self._at_most_s = at_most_s
        self._first: dict[str, float] = {}
        self._timers: dict[str, _Timer] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def note(self, key: str) -> None:
        """Something happened."""
        loop = asyncio.get_running_loop()
        causes = self._causes.setdefault(key, [])
        if len(causes) < tracing.MOST_CAUSES:
            causes.append(tracing.cause())
        latest = self._first.setdefault(key, loop.time()) + self._at_most_s
        if (timer := self._timers.get(key)) is not None:
            if timer.at >= latest:
                return  # set anew without end, it would never be its turn
            timer.handle.cancel()
        self._begin_at(min(loop.time() + self._quiet_s, latest), key)

    async def settled(self) -> None:
        """Wait until nothing is noted and nothing runs."""
        while self._timers or self._running:
            await asyncio.gather(*self._running.values())
            await asyncio.sleep(self._quiet_s if self._timers else 0)

    def _begin(self, key: str) -> None:
        del self._timers[key]
        if key in self._running:
            return  # its end begins it again
        del self._first[key]
        causes = self._causes.pop(key)
        task = asyncio.get_running_loop().create_task(self._do(key, causes), context=Context())
        self._running[key] = task

    async def _do(self, key: str, causes: list[tracing.Cause]) -> None:
        try:
            with tracing.behind(self._name, causes, key):
                await self._run(key)
        finally:
            del self._running[key]
            if key in self._first and key not in self._timers:
                self._begin_at(asyncio.get_running_loop().time(), key)

    def _begin_at(self, at: float, key: str) -> None:
        handle = asyncio.get_running_loop().call_at(at, self._begin, key)
        self._timers[key] = _Timer(at, handle)
