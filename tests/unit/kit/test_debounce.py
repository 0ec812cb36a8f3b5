"""Debounce: once after a quiet moment, soon at the latest, and never twice at once."""

import asyncio

import uvloop

from oo.kit.debounce import Debounce

QUIET_S = 0.01


async def test_what_comes_in_a_row_is_done_once() -> None:
    done: list[str] = []

    async def run(key: str) -> None:
        done.append(key)

    debounce = Debounce(run, QUIET_S, 60.0)
    for key in ("ada", "bob", "ada", "ada"):
        debounce.note(key)
    assert done == []
    await debounce.settled()
    assert sorted(done) == ["ada", "bob"]
    debounce.note("ada")
    await debounce.settled()
    assert sorted(done) == ["ada", "ada", "bob"]


async def test_what_never_rests_is_done_all_the_same() -> None:
    begun = asyncio.Event()

    async def run(_: str) -> None:
        begun.set()

    debounce = Debounce(run, 60.0, QUIET_S)
    async with asyncio.timeout(10):
        while not begun.is_set():
            debounce.note("ada")
            await asyncio.sleep(0)
    debounce._timers.clear()


async def test_what_changes_while_it_is_done_is_done_afterwards() -> None:
    at_once = most = times = 0
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def run(_: str) -> None:
        nonlocal at_once, most, times
        at_once += 1
        times += 1
        most = max(most, at_once)
        if times == 1:
            debounce.note("ada")
            begun.set()
            await go_on.wait()
        at_once -= 1

    debounce = Debounce(run, QUIET_S, QUIET_S)
    debounce.note("ada")
    async with asyncio.timeout(10):
        await begun.wait()
        asyncio.get_running_loop().call_later(3 * QUIET_S, go_on.set)
        await debounce.settled()
    assert (times, most) == (2, 1)


def test_what_changes_just_before_its_turn_is_no_error_on_the_loop_of_the_product() -> None:
    """There a call that is due at once has another kind of handle."""
    done: list[str] = []

    async def noted() -> None:
        async def run(key: str) -> None:
            done.append(key)

        debounce = Debounce(run, 0.0, 60.0)
        debounce.note("ada")
        debounce.note("ada")
        await debounce.settled()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(noted())
    assert done == ["ada"]
