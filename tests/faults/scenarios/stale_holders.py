"""A shard's process is frozen, another takes its people over, and then it goes on and writes."""

import asyncio
import time
from collections.abc import Iterator
from random import Random

from sqlalchemy import select

from oo.recommend.reactions import Reactions
from oo.store.database import Database
from oo.store.tables import user_models
from tests.faults.holder import Holder, holder
from tests.faults.inside import Town, Tries, addresses, insist, town
from tests.faults.judging import Book, judged
from tests.faults.scenario import Needs, Row, Run, Scenario

PEOPLE = 8
MOST_OF_A_FLUSH_S = 0.006
WAITS_S = 0.5  # for somebody who was frozen while writing
GOES_ON_S = 30.0


def run(run: Run) -> Iterator[Row]:
    with addresses(run.folder) as stores:
        for name, address in stores.items():
            yield asyncio.run(_freeze(run, name, address))


async def _freeze(run: Run, name: str, address: str) -> Row:
    rounds, chance = run.count(200, 20), run.random("stale holders")
    book, stale, held_up, longest = Book(), 0, 0, 0.0
    async with town(address, PEOPLE) as place:
        border = Reactions(place.db, place.clock)
        with holder(place.address) as old, holder(place.address) as new:
            for number in range(rounds):
                await _react(place, border, book, chance)
                old.do("fold")
                await _react(place, border, book, chance)
                _stop_at(old, chance, writing=number % 2 == 1)
                began = time.monotonic()
                new.tell("fold")
                new.tell("flush")
                done = sum(new.answered(WAITS_S) for _ in range(2))
                before = await _numbers(place.db) if done == 2 else {}
                old.go_on()
                held_up += done < 2
                for _ in range(2 - done):
                    assert new.answered(GOES_ON_S), "the one that took over does not go on"
                longest = max(longest, time.monotonic() - began)
                assert old.answered(GOES_ON_S), "the frozen one does not go on"
                after = await _numbers(place.db)
                stale += sum(after[key] < seq for key, seq in before.items())
                # it forgets nothing: in the next round both hold everybody's states
        found = await judged(place.db, book)
    return Row(
        f"SIGSTOP, takeover, SIGCONT {rounds} ×",
        name,
        *found,
        recovery_s=longest,
        note=f"{stale} stale commits; {held_up} × frozen while it wrote: the other waited",
        broken=(f"{stale} stale commits",) if stale else (),
    )


def _stop_at(old: Holder, chance: Random, *, writing: bool) -> None:
    """Freeze it with an order to write: before it has read that, or somewhere in the middle."""
    if not writing:
        old.stop()
        old.tell("flush")
        return
    old.tell("flush")
    time.sleep(chance.uniform(0, MOST_OF_A_FLUSH_S))
    old.stop()


async def _react(place: Town, border: Reactions, book: Book, chance: Random) -> None:
    requests = await place.tips(chance.randint(1, 6), chance)
    await asyncio.gather(*(insist(border, it, book, Tries()) for it in requests))


async def _numbers(db: Database) -> dict[tuple[str, str], int]:
    """How many reactions each stored state has folded."""
    m = user_models.c
    async with db.read() as connection:
        rows = await connection.execute(select(m.user_id, m.policy, m.applied_seq))
        return {(row.user_id, row.policy): row.applied_seq for row in rows}


SCENARIO = Scenario("stale-holders", __doc__, Needs.STORE, run)
