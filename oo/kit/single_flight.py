"""Single flight: what several ask for at the same time is made once, and to its end.

Where a request makes something that the next one would find made, a busy machine turns on itself:
each of those that wait makes it anew, and each that runs out of time throws away what it had. So
the first one starts it, the others wait for the same, and whoever leaves does not stop it.
(golang.org/x/sync/singleflight is the same idea; the failure is that of Bronson et al.,
"Metastable failures in distributed systems", HotOS 2021.)
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class SingleFlight(Generic[K, R]):
    """Work by key, of each key once at a time."""

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[R]] = {}

    async def join(self, key: K, start: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """What the work of `key` gives or raises; `start` begins it unless it is under way."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(start())
            task.add_done_callback(lambda ended: self._ended(key, ended))
        return await asyncio.shield(task)

    def _ended(self, key: K, task: "asyncio.Task[R]") -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # whoever still waits has it; else it would be reported as unseen
