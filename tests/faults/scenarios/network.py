"""The network to PostgreSQL is slow, or breaks again and again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import make_url

from oo.recommend.reactions import Reactions
from tests.faults.inside import Tries, insist, opened, town
from tests.faults.judging import Book, judge, replays
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.peers.postgres import BIN, PostgresPeer
from tests.peers.proxy import Proxy, proxy

PEOPLE = 10
AT_ONCE = 20
SLOW_S = 0.05
BREAKS_EVERY_S = 0.2
BACK_WITHIN_S = 60.0
Trouble = Callable[[Proxy], Awaitable[None]]


async def slow(between: Proxy) -> None:
    between.delay_s = SLOW_S
    await asyncio.Event().wait()


async def breaking(between: Proxy) -> None:
    while True:
        await asyncio.sleep(BREAKS_EVERY_S)
        between.reset()


TROUBLES: dict[str, Trouble] = {
    f"network slow, {SLOW_S * 1000:.0f} ms each way": slow,
    f"network breaks every {BREAKS_EVERY_S:.1f} s": breaking,
}


def run(run: Run) -> Iterator[Row]:
    if BIN is None:
        run.say("left out: it needs Debian's postgresql")
        return
    with PostgresPeer.running() as peer:
        for fault, trouble in TROUBLES.items():
            yield asyncio.run(_trouble(run, peer, fault, trouble))


@asynccontextmanager
async def _lasting(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _trouble(run: Run, peer: PostgresPeer, fault: str, trouble: Trouble) -> Row:
    chance, book, tries, late = run.random(fault), Book(), Tries(), 0
    async with town(peer.url, PEOPLE) as place, proxy(peer.port) as between:
        through = opened(str(make_url(place.address).set(port=between.port)))
        border = Reactions(through, place.clock)
        requests = await place.tips(run.count(2_000, 300), chance)
        waiting = iter(requests)

        async def hand() -> None:
            nonlocal late
            for request in waiting:
                try:
                    await insist(border, request, book, tries, give_up_s=2, within_s=BACK_WITHIN_S)
                except TimeoutError:
                    late += 1

        async with _lasting(trouble(between)):
            await asyncio.gather(*(hand() for _ in range(AT_ONCE)))
        between.reset()
        await through.close()
        verdict = await judge(place.db, book)
        equal = await replays(place.db)
    return Row(
        fault,
        "PostgreSQL",
        len(book.acknowledged),
        *verdict,
        replay=equal,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=tries.slowest_s,
        note="by a proxy between oO and PostgreSQL",
        broken=(f"{late} reactions were not taken in {BACK_WITHIN_S:.0f} s",) if late else (),
    )


SCENARIO = Scenario("network", __doc__, Needs.STORE, run)
