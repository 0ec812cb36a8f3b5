"""Each reaction is sent ten times, to two ingresses at once: one effect, one answer."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from oo.recommend.reactions import Acknowledged, ReactionRequest, Reactions
from tests.faults.inside import acked, addresses, opened, town
from tests.faults.judging import Book, judged
from tests.faults.scenario import Needs, Row, Run, Scenario

COPIES = 10
AT_ONCE = 250  # requests in flight
PEOPLE = 50


def run(run: Run) -> Iterator[Row]:
    with addresses(run.folder) as stores:
        for name, address in stores.items():
            yield asyncio.run(_send(run, name, address))


async def _send(run: Run, name: str, address: str) -> Row:
    keys, chance, book = run.count(10_000, 1_000), run.random("duplicates"), Book()
    async with town(address, PEOPLE) as place:
        second = opened(place.address)
        borders = [Reactions(place.db, place.clock), Reactions(second, place.clock)]
        requests = await place.tips(keys, chance)
        began = time.monotonic()
        answers = await _all(borders, requests, chance)
        took = time.monotonic() - began
        await second.close()
        fresh = Counter[str]()
        for request, answer in answers:
            book.note(request.idempotency_key, acked(answer))
            fresh[request.idempotency_key] += answer.fresh
        found = await judged(place.db, book)
    doubled = sum(count != 1 for count in fresh.values())
    return Row(
        f"{keys:,} keys, each {COPIES} ×",
        name,
        *found,
        asked=len(answers),
        note=f"{len(answers) / took:,.0f} answers/s",
        broken=(f"{doubled} keys were new not once",) if doubled else (),
    )


async def _all(
    borders: Sequence[Reactions], requests: Sequence[ReactionRequest], chance: Random
) -> list[tuple[ReactionRequest, Acknowledged]]:
    """Every copy of every request, its copies near one another and in no order."""
    copies = [it for it in requests for _ in range(COPIES)]
    for start in range(0, len(copies), AT_ONCE):
        part = copies[start : start + AT_ONCE]
        chance.shuffle(part)
        copies[start : start + AT_ONCE] = part
    found: list[tuple[ReactionRequest, Acknowledged]] = []
    waiting = iter(copies)

    async def hand(border: Reactions) -> None:
        for request in waiting:
            found.append((request, await border.accept(request)))

    hands = [hand(borders[number % len(borders)]) for number in range(AT_ONCE)]
    await asyncio.gather(*hands)
    return found


SCENARIO = Scenario("duplicates", __doc__, Needs.STORE, run)
