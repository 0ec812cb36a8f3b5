"""The machine's clock jumps, forwards and back, by seconds and by years."""

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from oo.domain.statistics import day_of
from oo.kit.clock import ManualClock
from oo.recommend.learner import Learner
from oo.recommend.reactions import Reactions
from oo.recommend.scoring import ScoreRequest
from oo.store import users
from tests.faults.inside import Town, Tries, addresses, insist, town
from tests.faults.judging import POLICY, Book, judged
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.unit.recommend.conftest import FEATURES

JUMPS_S = (-1, 3600, -3600, 86_400, -86_400, 400 * 86_400, -400 * 86_400, 0, -2, 10)
START = datetime(2026, 11, 18, 9, tzinfo=UTC)
PEOPLE = 5


class Jumping(ManualClock):
    """What it says of the day is wrong at times; its seconds go on, as the kernel's do."""

    def jump(self, seconds: float) -> None:
        """Show another time from now on."""
        self._now += timedelta(seconds=seconds)


def run(run: Run) -> Iterator[Row]:
    with addresses(run.folder) as stores:
        for name, address in stores.items():
            yield asyncio.run(_jump(run, name, address))


async def _jump(run: Run, name: str, address: str) -> Row:
    rounds, chance = run.count(300, 50), run.random("clocks")
    book, tries, clock, wild = Book(), Tries(), Jumping(START), 0
    async with town(address, PEOPLE, clock) as place:
        border, learner = Reactions(place.db, clock), Learner(place.db, POLICY, clock)
        for _ in range(rounds):
            clock.advance(1)
            requests = await place.tips(3, chance)
            clock.jump(chance.choice(JUMPS_S))
            await asyncio.gather(*(insist(border, it, book, tries) for it in requests))
            wild += await _picks_wildly(place, learner, clock, chance)
            await learner.flush()
        found = await judged(place.db, book)
    return Row(
        f"the clock jumps {rounds} ×, up to 400 days",
        name,
        *found,
        failed=tries.failed,
        asked=tries.asked,
        note="by an injected clock",
        broken=(f"{wild} decisions without proper propensities",) if wild else (),
    )


async def _picks_wildly(place: Town, learner: Learner, clock: Jumping, chance: Random) -> int:
    """How many people get no decision whose propensities are numbers that add up to one."""
    async with place.db.read() as connection:
        newest = await users.sequences(connection)
    requests = [
        ScoreRequest(user, seq, chance.getrandbits(60), FEATURES, day_of(clock.now()))
        for user, seq in newest.items()
    ]
    found = await learner.score(requests)
    return sum(
        isinstance(it, Exception) or not math.isclose(sum(it.propensities), 1, rel_tol=1e-6)
        for it in found
    )


SCENARIO = Scenario("clocks", __doc__, Needs.STORE, run)
