"""The answer of a COMMIT is lost, or the COMMIT itself, and the client asks again."""

import asyncio
from collections.abc import Iterator

from sqlalchemy import make_url

from oo.recommend.reactions import Reactions
from tests.faults.inside import Tries, insist, opened, town
from tests.faults.judging import Book, judged
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.peers.postgres import BIN, PostgresPeer
from tests.peers.proxy import Cut, proxy

AT_ONCE = 4  # reactions that may share a commit
WORDS = {
    Cut.AFTER: "COMMIT's answer lost {} ×",
    Cut.BEFORE: "COMMIT lost on its way {} ×",
}


def run(run: Run) -> Iterator[Row]:
    if BIN is None:
        run.say("left out: it needs Debian's postgresql")
        return
    with PostgresPeer.running() as peer:
        for cut in (Cut.AFTER, Cut.BEFORE):
            yield asyncio.run(_lose(run, peer, cut))


async def _lose(run: Run, peer: PostgresPeer, cut: Cut) -> Row:
    rounds, chance = run.count(500, 50), run.random(f"commit {cut}")
    book, tries, freshness = Book(), Tries(), [0, 0]
    async with town(peer.url, people=5) as place, proxy(peer.port) as between:
        through = opened(str(make_url(place.address).set(port=between.port)))
        border = Reactions(through, place.clock)
        for _ in range(rounds):
            requests = await place.tips(chance.randint(1, AT_ONCE), chance)
            between.cuts.append(cut)
            answers = await asyncio.gather(
                *(insist(border, request, book, tries) for request in requests)
            )
            for answer in answers:
                freshness[answer.fresh] += 1
        cuts = between.done
        await through.close()
        found = await judged(place.db, book)
    broken = [] if cuts == rounds else [f"{cuts} COMMITs were cut, not {rounds}"]
    # who was written before the cut is told so, and the others are written by the next try
    known, written = freshness
    return Row(
        WORDS[cut].format(rounds),
        "PostgreSQL",
        *found,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=tries.slowest_s,
        note=f"of the answers {known} told of a reaction that was there, {written} of a new one",
        broken=tuple(broken),
    )


SCENARIO = Scenario("commit-lost", __doc__, Needs.STORE, run)
