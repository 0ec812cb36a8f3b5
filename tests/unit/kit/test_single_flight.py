"""Single flight: once at a time, to its end, and told to all who wait."""

import asyncio

import pytest

from oo.kit.single_flight import SingleFlight


async def test_work_is_done_once_for_all_and_again_for_those_who_come_later() -> None:
    flights, calls, go = SingleFlight[str, int](), list[str](), asyncio.Event()

    async def work() -> int:
        calls.append("ada")
        await go.wait()
        return len(calls)

    waiting = [asyncio.create_task(flights.join("ada", work)) for _ in range(3)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert await flights.join("ada", work) == 2


async def test_whoever_leaves_does_not_stop_it() -> None:
    flights, go, done = SingleFlight[str, int](), asyncio.Event(), list[int]()

    async def work() -> int:
        await go.wait()
        done.append(1)
        return 1

    leaving = asyncio.create_task(flights.join("ada", work))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    staying = asyncio.create_task(flights.join("ada", work))
    await asyncio.sleep(0)
    go.set()
    assert await staying == 1
    assert done == [1]


async def test_a_failure_is_told_to_all_and_kept_for_nobody() -> None:
    flights, calls = SingleFlight[str, int](), list[int]()

    async def work() -> int:
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise OSError("disk")
        return 2

    both = await asyncio.gather(
        *(flights.join("ada", work) for _ in range(2)), return_exceptions=True
    )
    assert [type(it) for it in both] == [OSError, OSError]
    assert await flights.join("ada", work) == 2
