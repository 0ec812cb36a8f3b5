"""The network to PostgreSQL is slow, silent, breaks again and again, or ends without a word."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import make_url

from oo.recommend.reactions import ReactionRequest, Reactions
from tests.faults.inside import Tries, insist, opened, town
from tests.faults.judging import Book, Judged, judged
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.peers.postgres import BIN, PostgresPeer
from tests.peers.proxy import Proxy, proxy
from tests.peers.wire import Wire, wire

PEOPLE = 10
AT_ONCE = 20
SLOW_S = 0.05
BREAKS_EVERY_S = 0.2
SILENT_S = 1.0
BACK_WITHIN_S = 60.0
Trouble = Callable[[Proxy], Awaitable[None]]


async def slow(between: Proxy) -> None:
    between.delay_s = SLOW_S
    await asyncio.Event().wait()


async def breaking(between: Proxy) -> None:
    while True:
        await asyncio.sleep(BREAKS_EVERY_S)
        between.reset()


async def silent(between: Proxy) -> None:
    while True:
        await asyncio.sleep(SILENT_S)
        between.silence()
        await asyncio.sleep(SILENT_S)
        between.reset()


TROUBLES: dict[str, Trouble] = {
    f"network slow, {SLOW_S * 1000:.0f} ms each way": slow,
    f"network breaks every {BREAKS_EVERY_S:.1f} s": breaking,
    f"network silent for {SILENT_S:.0f} s again and again, then broken": silent,
}


def run(run: Run) -> Iterator[Row]:
    if BIN is None:
        run.say("left out: it needs Debian's postgresql")
        return
    with PostgresPeer.running() as peer:
        for fault, trouble in TROUBLES.items():
            yield asyncio.run(_trouble(run, peer, fault, trouble))
    with wire() as other:
        if other is None:
            run.say("left out, of a machine that is gone: it needs the right to make a network")
            return
        with PostgresPeer.running(around=other.there, host=other.host) as peer:
            yield asyncio.run(_gone(run, peer, other))


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
                late += await _ask(border, request, book, tries)

        async with _lasting(trouble(between)):
            await asyncio.gather(*(hand() for _ in range(AT_ONCE)))
        between.reset()
        await through.close()
        found = await judged(place.db, book)
    return Row(
        fault,
        "PostgreSQL",
        *found,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=tries.slowest_s,
        note="by a proxy between oO and PostgreSQL",
        broken=(f"{late} reactions were not taken in {BACK_WITHIN_S:.0f} s",) if late else (),
    )


async def _gone(run: Run, peer: PostgresPeer, other: Wire) -> Row:
    """PostgreSQL's machine dies with a request in its hands; another takes its address."""
    chance, book, tries = run.random("gone"), Book(), Tries()
    async with town(peer.url, PEOPLE) as place:
        border = Reactions(place.db, place.clock)
        requests = await place.tips(AT_ONCE, chance)
        peer.freeze()  # what is asked arrives, and is not answered
        waiting = [asyncio.create_task(_ask(border, it, book, tries)) for it in requests]
        await asyncio.sleep(1)
        other.lose()
        began = time.monotonic()
        peer.kill()
        other.mend()
        await asyncio.to_thread(peer.start)
        late = sum(await asyncio.gather(*waiting))
        took = time.monotonic() - began
        none = Judged(len(book.acknowledged), late, 0, False)
        found = none if late else await judged(place.db, book)
    return Row(
        "PostgreSQL's machine gone without a word",
        "PostgreSQL",
        *found,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=took,
        note="in a network namespace; recovery from when it was gone",
        broken=(f"{late} reactions were not taken in {BACK_WITHIN_S:.0f} s",) if late else (),
    )


async def _ask(border: Reactions, request: ReactionRequest, book: Book, tries: Tries) -> bool:
    """Whether it was not taken in time."""
    try:
        await insist(border, request, book, tries, give_up_s=2, within_s=BACK_WITHIN_S)
    except TimeoutError:
        return True
    return False


SCENARIO = Scenario("network", __doc__, Needs.STORE, run)
