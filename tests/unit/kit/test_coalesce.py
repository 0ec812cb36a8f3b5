"""Coalescing: what waits together is run together, and fails alone."""

import asyncio

import pytest

from oo.kit.coalesce import Coalescer, Take


async def test_what_comes_while_a_batch_runs_forms_the_next_one() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        batches.append(list(items))
        if len(batches) == 1:
            await gate.wait()
        return [item * 2 for item in items]

    coalescer = Coalescer(run)
    first = asyncio.create_task(coalescer.submit(1))
    while not batches:  # noqa: ASYNC110 - the batch itself tells when it runs
        await asyncio.sleep(0)
    others = [asyncio.create_task(coalescer.submit(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    gate.set()
    assert await first == 2
    assert [await other for other in others] == [4, 6, 8]
    assert batches == [[1], [2, 3, 4]]


async def test_an_exception_among_the_results_fails_its_caller_only() -> None:
    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        return [ValueError("odd") if item % 2 else item for item in items]

    coalescer = Coalescer(run)
    answers = await asyncio.gather(
        *(coalescer.submit(number) for number in range(4)), return_exceptions=True
    )
    assert [isinstance(answer, ValueError) for answer in answers] == [False, True, False, True]


async def test_a_batch_that_raises_fails_all_its_callers_and_the_next_one_runs() -> None:
    calls = 0

    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("disk")
        return list(items)

    coalescer = Coalescer(run)
    answers = await asyncio.gather(coalescer.submit(1), coalescer.submit(2), return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in answers)
    assert await coalescer.submit(3) == 3


async def test_a_cancelled_caller_does_not_disturb_the_others() -> None:
    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        await asyncio.sleep(0)
        return list(items)

    coalescer = Coalescer(run)
    leaving = asyncio.create_task(coalescer.submit(1))
    staying = asyncio.create_task(coalescer.submit(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 2
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_batch_is_bounded() -> None:
    sizes: list[int] = []

    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        sizes.append(len(items))
        return list(items)

    coalescer = Coalescer(run, max_batch=4)
    await asyncio.gather(*(coalescer.submit(number) for number in range(10)))
    assert sizes == [4, 4, 2]


async def test_a_cancellation_from_inside_fails_its_batch_and_no_other() -> None:
    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        if 1 in items:
            raise asyncio.CancelledError
        return list(items)

    coalescer = Coalescer(run, max_batch=1)
    first, second = (asyncio.create_task(coalescer.submit(number)) for number in (1, 2))
    with pytest.raises(RuntimeError, match="cancelled"):
        await first
    assert await asyncio.wait_for(second, 1) == 2


async def test_what_comes_while_it_waits_for_its_turn_goes_with_it() -> None:
    sizes, turn = list[int](), asyncio.Event()

    async def run(take: Take[int]) -> list[int | Exception]:
        await turn.wait()
        items = take()
        sizes.append(len(items))
        return list(items)

    coalescer = Coalescer(run)
    first = asyncio.create_task(coalescer.submit(1))
    await asyncio.sleep(0)
    others = [asyncio.create_task(coalescer.submit(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    turn.set()
    assert await asyncio.gather(first, *others) == [1, 2, 3]
    assert sizes == [3]


async def test_all_that_wait_are_told_when_a_turn_never_comes() -> None:
    async def run(_: Take[int]) -> list[int | Exception]:
        raise OSError("no disk")

    coalescer = Coalescer(run)
    asked = (coalescer.submit(number) for number in (1, 2))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in answers)


async def test_a_run_that_takes_nothing_fails_instead_of_going_on_for_ever() -> None:
    async def run(_: Take[int]) -> list[int | Exception]:
        return []

    with pytest.raises(RuntimeError, match="0 results"):
        await asyncio.wait_for(Coalescer(run).submit(1), 1)


async def test_of_what_perishes_nothing_is_done_for_who_has_gone_and_the_newest_go_first() -> None:
    """Else a moment of overload never ends: all work is for callers that ask anew meanwhile."""
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        batches.append(list(items))
        if len(batches) == 1:
            await gate.wait()
        return list(items)

    coalescer = Coalescer(run, 2, perishable=True)
    tasks = [asyncio.create_task(coalescer.submit(0))]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(coalescer.submit(number)) for number in range(1, 7)]
    await asyncio.sleep(0)
    for gone in (1, 5, 6):
        tasks[gone].cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*(tasks[number] for number in (0, 2, 3, 4))) == [0, 2, 3, 4]
    assert batches == [[0], [3, 4], [2]]


async def test_when_all_have_gone_nothing_is_done() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def run(take: Take[int]) -> list[int | Exception]:
        items = take()
        batches.append(list(items))
        await gate.wait()
        return list(items)

    coalescer = Coalescer(run, perishable=True)
    first = asyncio.create_task(coalescer.submit(0))
    await asyncio.sleep(0)
    second = asyncio.create_task(coalescer.submit(1))
    await asyncio.sleep(0)
    second.cancel()
    gate.set()
    assert await first == 0
    assert await coalescer.submit(2) == 2
    assert batches == [[0], [2]]
