"""As many calls at once as end in time; the others wait, newest first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from oo.kit.admission import AT_FIRST, LEAST, Admission
from oo.kit.clock import ManualClock


@asynccontextmanager
async def admitted(admission: Admission) -> AsyncIterator[None]:
    entered = await admission.enter()
    try:
        yield
    finally:
        admission.leave(entered)


@dataclass
class Call:
    """What is left to do of it, in seconds of the machine, and until when somebody waits for it."""

    left: float
    until: float
    ended: asyncio.Future[None]


class Machine:
    """Does `per_s` calls a second, whatever is asked of it; all that are under way share it."""

    def __init__(self, per_s: float) -> None:
        self.clock = ManualClock(datetime(2026, 11, 27, tzinfo=UTC))
        self.admission = Admission(self.clock, in_time_s=1.0)
        self.under_way: list[Call] = []
        self.per_s, self.in_time = per_s, 0

    async def call(self, until: float) -> None:
        async with admitted(self.admission):
            ended = asyncio.get_running_loop().create_future()
            self.under_way.append(Call(1 / self.per_s, until, ended))
            await ended

    async def run(self, seconds: float, asked_per_s: float, step_s: float = 0.02) -> None:
        """Ask so often for that long; everybody waits for two seconds."""
        owed, tasks = 0.0, list[asyncio.Task[None]]()
        for _ in range(round(seconds / step_s)):
            owed += asked_per_s * step_s
            now = self.clock.monotonic()
            tasks += [asyncio.create_task(self.call(now + 2.0)) for _ in range(int(owed))]
            owed %= 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.clock.advance(step_s)
            for call in self.under_way:
                call.left -= step_s / len(self.under_way)
            over = [it for it in self.under_way if it.left <= 0 or it.until < now]
            self.under_way = [it for it in self.under_way if it not in over]
            for call in over:
                self.in_time += call.until >= now
                call.ended.set_result(None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.under_way = []


async def test_an_overloaded_machine_still_answers_what_it_can() -> None:
    machine = Machine(per_s=20)
    await machine.run(60, asked_per_s=100)
    assert machine.in_time > 0.6 * 60 * 20  # all at once: each takes ten seconds, none is in time
    assert machine.admission.limit < 40


async def test_a_machine_that_recovers_is_given_more_again() -> None:
    machine = Machine(per_s=10)
    await machine.run(20, asked_per_s=100)
    low = machine.admission.limit
    machine.per_s, machine.in_time = 500, 0
    await machine.run(20, asked_per_s=400)
    assert machine.in_time > 0.95 * 20 * 400
    await machine.run(20, asked_per_s=600)
    assert machine.admission.limit > 2 * low


async def test_who_came_last_is_let_in_first_and_who_left_not_at_all() -> None:
    clock = ManualClock(datetime(2026, 11, 27, tzinfo=UTC))
    admission, order, go = Admission(clock, 1.0), list[int](), asyncio.Event()

    async def call(number: int) -> None:
        async with admitted(admission):
            order.append(number)
            await go.wait()

    calls = [asyncio.create_task(call(number)) for number in range(AT_FIRST + 4)]
    await asyncio.sleep(0)
    assert order == [*range(AT_FIRST)]
    calls[AT_FIRST + 2].cancel()
    calls[0].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order[AT_FIRST:] == [AT_FIRST + 3]
    go.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert order[AT_FIRST:] == [AT_FIRST + 3, AT_FIRST + 1, AT_FIRST]


async def test_a_place_is_given_back_by_whoever_fails_and_by_whoever_leaves_as_it_is_given() -> (
    None
):
    clock = ManualClock(datetime(2026, 11, 27, tzinfo=UTC))
    admission, go = Admission(clock, 1.0), asyncio.Event()

    async def call() -> None:
        async with admitted(admission):
            await go.wait()
            raise ValueError

    calls = [asyncio.create_task(call()) for _ in range(AT_FIRST + 1)]
    await asyncio.sleep(0)
    calls[0].cancel()
    await asyncio.sleep(0)  # the last one is let in by it ...
    calls[-1].cancel()  # ... and leaves before it knows
    await asyncio.sleep(0)
    go.set()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, ValueError) for one in ended) == AT_FIRST - 1
    for _ in range(3):
        async with asyncio.timeout(1):
            with pytest.raises(ValueError, match=r"^$"):
                await call()


async def test_it_never_closes_and_one_bad_moment_counts_once() -> None:
    clock = ManualClock(datetime(2026, 11, 27, tzinfo=UTC))
    admission = Admission(clock, 1.0)

    async def late() -> None:
        async with admitted(admission):
            await asyncio.sleep(0)

    for limit in (AT_FIRST * 2 // 3, AT_FIRST * 4 // 9):
        calls = [asyncio.create_task(late()) for _ in range(50)]
        await asyncio.sleep(0)
        clock.advance(5)
        await asyncio.gather(*calls)
        assert admission.limit == limit
    for _ in range(30):
        call = asyncio.create_task(late())
        await asyncio.sleep(0)
        clock.advance(5)
        await call
    assert admission.limit == LEAST


async def test_who_has_left_is_not_kept_while_the_load_lasts() -> None:
    admission = Admission(ManualClock(datetime(2026, 11, 27, tzinfo=UTC)), 1.0)
    for _ in range(AT_FIRST):
        await admission.enter()
    waits = [asyncio.create_task(admission.enter()) for _ in range(9)]
    await asyncio.sleep(0)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    assert admission._waiting == []
