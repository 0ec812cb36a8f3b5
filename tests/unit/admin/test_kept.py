"""Counts are shared: the first to ask waits, and nobody waits again for an older one."""

import asyncio

import pytest

from oo.admin.kept import FRESH_S, SHOWN_S, Kept
from oo.kit.clock import ManualClock
from tests.unit.web.conftest import NOW


class Store:
    """Counts how often it is asked; it answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.may = asyncio.Event()
        self.may.set()

    async def count(self) -> int:
        self.asked += 1
        await self.may.wait()
        return self.asked


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_who_ask_at_once_share_one_count(clock: ManualClock) -> None:
    kept, store = Kept(clock), Store()
    found = await asyncio.gather(*(kept.get("a", store.count) for _ in range(10)))
    assert {value for value, _ in found} == {1}
    assert store.asked == 1


async def test_an_older_count_is_shown_at_once_and_made_anew_behind(clock: ManualClock) -> None:
    kept, store = Kept(clock), Store()
    await kept.get("a", store.count)
    clock.advance(FRESH_S)
    store.may.clear()
    for _ in range(3):
        value, at = await asyncio.wait_for(kept.get("a", store.count), 1)
        assert (value, clock.monotonic() - at) == (1, FRESH_S)
    store.may.set()
    await settled()
    assert (await kept.get("a", store.count))[0] == 2
    assert store.asked == 2


async def test_what_is_too_old_or_forgotten_is_waited_for(clock: ManualClock) -> None:
    kept, store = Kept(clock), Store()
    await kept.get("a", store.count)
    clock.advance(SHOWN_S)
    assert (await kept.get("a", store.count))[0] == 2
    kept.forget()
    assert (await kept.get("a", store.count))[0] == 3


async def test_a_count_that_fails_behind_leaves_the_older_one(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    kept, store = Kept(clock), Store()
    await kept.get("a", store.count)
    clock.advance(FRESH_S)

    async def fails() -> int:
        raise OSError("the store is away")

    assert (await kept.get("a", fails))[0] == 1
    await settled()
    assert "the store is away" in caplog.text
    assert (await kept.get("a", store.count))[0] == 1
