"""Admission: no more calls are under way at once than end in time; the others wait, at no cost.

Where more is asked for than a machine can do, calls that all get a share of it all come too late,
and those who ask again keep it so for as long as they do. How many fit is not known beforehand: it
falls while processes restart beside it, and with the length of people's lists. So it is found as
TCP finds its window: one more for as many calls as end in time, a third less when one does not.
(Additive increase, multiplicative decrease: Jacobson, "Congestion avoidance and control", SIGCOMM
1988; for servers: Netflix, "Performance under load", 2018.) Those who wait go newest first: they
have the most time left (Maurer, "Fail at scale", ACM Queue 13(8), 2015).
"""

import asyncio

from oo.kit.clock import Clock

LEAST = 24  # what is decided on together costs the least each
MOST = 1024
AT_FIRST = 128
LESS = 2 / 3


class Admission:
    """Lets in as many as end within `in_time_s`, measured from when they were let in."""

    def __init__(self, clock: Clock, in_time_s: float) -> None:
        self.in_time_s = in_time_s
        self._clock = clock
        self._limit = float(AT_FIRST)
        self._under_way = 0
        self._lowered_at = float("-inf")
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return int(self._limit)

    @property
    def under_way(self) -> int:
        """How many are."""
        return self._under_way

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    async def enter(self) -> float:
        """Wait for a place; what it gives, :meth:`leave` takes. Whoever waits may be cancelled."""
        if self._under_way >= self.limit:
            await self._place()
        else:
            self._under_way += 1
        return self._clock.monotonic()

    def leave(self, entered: float) -> None:
        """Give the place back."""
        self._learn(self._clock.monotonic(), entered)
        self._under_way -= 1
        self._let_in()

    async def _place(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future in self._waiting:  # under a load that lasts, nobody else would take it out
                self._waiting.remove(future)
            elif not future.cancelled():  # let in and cancelled at once
                self._under_way -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting and self._under_way < self.limit:
            newest = self._waiting.pop()
            if not newest.done():
                self._under_way += 1
                newest.set_result(None)

    def _learn(self, now: float, begun: float) -> None:
        if now - begun <= self.in_time_s:
            if self._under_way >= self._limit / 2:  # else it tells nothing of more at once
                self._limit = min(MOST, self._limit + 1 / self._limit)
        elif begun >= self._lowered_at:  # once for all that were under way together
            self._limit = max(LEAST, self._limit * LESS)
            self._lowered_at = now
