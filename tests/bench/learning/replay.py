"""Ten thousand decisions drawn again from their seeds, through the real store.

    python -m tests.bench.learning.replay

People get tips by every policy in turn, react or do not, days pass, tips are missed, and each
policy shadows another. Then `oo replay --check --decisions` does what it does for an operator.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.progress import track

from ml.features import REGISTRY
from ml.policies import policies
from oo.domain.rewards import Action
from oo.domain.tips import TipCandidate, TipKind
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.recommend.deciding import Account
from oo.recommend.learner import Learner
from oo.recommend.outcomes import Outcomes
from oo.recommend.pool import Pool
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.recommender import Nothing, Recommender
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store import candidates, decisions, users
from oo.store.candidates import PoolEntry
from oo.store.database import Database
from tests.peers.shadows import InShadow, ask_all
from tests.peers.store import add_person, fresh_store

PEOPLE, OFFERED = 50, 6


class Unused:
    """Nobody asks for candidates here: pools are written directly."""

    def behind(self, user_id: str) -> None:
        """Nothing."""

    async def now(self, user_id: str, within_s: float) -> None:
        raise TimeoutError

    async def make(self, user_id: str, zone: object) -> list[PoolEntry]:
        return []

    async def why_nothing(self, user_id: str) -> str:
        return "all_clear"


async def fill(db: Database, clock: ManualClock, user: str, random: Random, key: str) -> None:
    now = clock.now()
    fresh = [
        TipCandidate(
            new_id(clock), random.choice(list(TipKind)), "Begin.", "llm", "m", "v",
            random.random(), None, now, now.replace(year=now.year + 1),
        )
        for _ in range(OFFERED)
    ]  # fmt: skip
    async with db.write() as connection:
        await candidates.replace(connection, user, key, fresh, now)


async def live(db: Database, clock: ManualClock, total: int) -> None:
    known, random, seeds = policies(), Random(1), count()
    people = [await add_person(db, clock, f"person-{n}") for n in range(PEOPLE)]
    seq = dict.fromkeys(people, 0)
    reactions, outcomes, unused = Reactions(db, clock), Outcomes(db, clock), Unused()
    learners = [Learner(db, policy, clock) for policy in known.values()]
    shadows = InShadow([], clock.now())
    opinions = ShadowOpinions(db, clock, shadows)
    for step in track(range(total // PEOPLE), "deciding"):
        learner = learners[step % len(learners)]
        shadows.set([[*known.values()][(step + 1) % len(known)]], clock.now())
        recommender = Recommender(
            db=db, clock=clock, pool=Pool(db, clock), profiles=Profiles(db, clock),
            features=REGISTRY.columns, ranker=learner, refill=unused,
            fallback=unused,  # type: ignore[arg-type]
            seeds=seeds.__next__, deadline_s=600.0,
        )  # fmt: skip

        async def one(user: str, recommender: Recommender = recommender, step: int = step) -> None:
            served = await recommender.recommend(Account(user, seq[user], step, "Europe/Berlin"))
            assert not isinstance(served, Nothing)
            tip, luck = served.decision.id, random.random()
            if luck < 0.6:
                action, dwell = random.choice(list(Action)), random.randrange(90_000)
                answer = await reactions.accept(ReactionRequest(user, tip, action, dwell, tip))
                seq[user] = answer.user_seq
            elif luck < 0.8:
                async with db.write() as connection:
                    await decisions.mark_seen(connection, user, tip, clock.now())

        for user in people:
            await fill(db, clock, user, random, f"{step}")
        await asyncio.gather(*(one(user) for user in people))
        await learner.flush()
        await ask_all(opinions)
        clock.advance(random.choice([600, 7200, 90_000]))
        if await outcomes.settle_missed():
            async with db.read() as connection:
                seq.update(await users.sequences(connection))


async def run(total: int) -> int:
    clock = ManualClock(datetime(2026, 1, 5, 7, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        async with fresh_store(Path(folder)) as db:
            await live(db, clock, total)
            began = time.perf_counter()
            drawn = await check_decisions(db, Finder().find)
            seconds = time.perf_counter() - began
            models = await check_models(db, find_by_key)
    print(  # noqa: T201 - its one line of output
        f"{drawn.decisions} decisions and {drawn.opinions} of shadows drawn again in"
        f" {seconds:.1f} s, {len(drawn.different)} different; {models.models} models,"
        f" {models.reactions} reactions folded, {len(models.different)} different"
    )
    return len(drawn.different) + len(models.different)


def main(total: Annotated[int, typer.Option(help="Decisions.")] = 10_000) -> None:
    """Print how many came out different; exit with 1 when one did."""
    raise typer.Exit(int(asyncio.run(run(total)) > 0))


if __name__ == "__main__":
    typer.run(main)
