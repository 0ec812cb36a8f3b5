"""`/recommend`: in time and logged, with whatever is left when parts are gone."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select

from ml.composing.fallback import fallback, warm
from ml.features import REGISTRY
from ml.policies.egreedy_v1 import POLICY
from oo.domain.context import PromptContext
from oo.domain.due import end_of_daypart
from oo.domain.signals.kinds.event import Event
from oo.domain.tasks import Task
from oo.kit.clock import ManualClock
from oo.kit.errors import Unavailable
from oo.kit.metrics import rendered
from oo.recommend.deciding import Account, Served
from oo.recommend.fallback import FallbackPool
from oo.recommend.learner import Learner
from oo.recommend.pool import Pool
from oo.recommend.ports import Draft, Ranker, TemplateWriter
from oo.recommend.profile_cache import Profiles
from oo.recommend.recommender import Nothing, Recommender
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import decisions, signals, tables, tasks
from oo.store.database import Database
from oo.store.kept_profiles import Profile
from tests.unit.recommend.conftest import START, put_pool


class NoRefill:
    """A generator that is away, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given: list[float] = []

    async def now(self, user_id: str, within_s: float) -> None:
        self.given.append(within_s)
        raise Unavailable("away")

    def behind(self, user_id: str) -> None:
        self.asked.append(user_id)


class Gone:
    """A shard that fails every call."""

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        raise ConnectionError("the shard is gone")


class Silent:
    """A shard that never answers."""

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        await asyncio.Event().wait()
        return []


warm()  # as an ingress does before it answers anybody


def templates(context: PromptContext, count: int) -> Sequence[Draft]:
    from random import Random

    return fallback(context, count, Random(1))


def recommender(
    db: Database,
    clock: ManualClock,
    ranker: Ranker | None = None,
    write: TemplateWriter = templates,
    deadline_s: float = 60.0,  # a busy machine fails no test that is not about time
) -> Recommender:
    return Recommender(
        db=db,
        clock=clock,
        pool=Pool(db, clock),
        profiles=Profiles(db, clock),
        features=REGISTRY.columns,
        ranker=ranker or Learner(db, POLICY, clock),
        refill=NoRefill(),
        fallback=FallbackPool(db, clock, write),
        seeds=count().__next__,
        deadline_s=deadline_s,
    )


def account(user: str, pool_version: int = 1) -> Account:
    return Account(user, 0, pool_version, "UTC")


async def test_a_decision_is_logged_with_all_that_made_it(
    db: Database, clock: ManualClock, user: str
) -> None:
    pool = await put_pool(db, clock, user)
    served = await recommender(db, clock).recommend(account(user))
    assert isinstance(served, Served)
    async with db.read() as connection:
        row = (await connection.execute(select(tables.tip_scores))).mappings().one()
        logged = await decisions.find(connection, row["id"], user)
    assert logged is not None
    assert set(row["candidate_ids"]) == {candidate.id for candidate in pool}
    assert row["candidate_ids"][row["chosen"]] == served.candidate.id
    assert row["propensity"] == row["propensities"][row["chosen"]] > 0
    assert set(row["features"]) == set(REGISTRY.names)
    assert (row["policy"], row["degraded"], row["seed"]) == ("egreedy-v1", None, 0)
    assert (row["content"], logged.content) == ("", served.candidate.content)


async def test_a_decision_is_made_from_signals_too(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put_pool(db, clock, user)
    start = clock.now() - timedelta(minutes=5)
    end = start + timedelta(minutes=30)
    meeting = Event("c:1", "c", "1", "Standup", starts_at=start, ends_at=end)
    async with db.write() as connection:
        await signals.put(connection, user, [meeting], clock.now())
    served = await recommender(db, clock).recommend(account(user))
    assert isinstance(served, Served)
    assert served.decision.features["in_event"] == [1.0] * 3


async def test_a_random_candidate_serves_when_ranking_fails_or_is_late(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put_pool(db, clock, user)
    before = picked("chance"), picked("policy")
    for ranker, reason in ((Gone(), "ranking_failed"), (Silent(), "ranking_late")):
        served = await recommender(db, clock, ranker, deadline_s=1.0).recommend(account(user))
        assert isinstance(served, Served)
        assert (served.decision.policy, served.decision.degraded) == ("random", reason)
        assert served.decision.propensities == [1 / 3] * 3
    assert (picked("chance"), picked("policy")) == (before[0] + 2, before[1])


def picked(how: str) -> float:
    """How many decisions of this process were picked in that way."""
    lines = rendered([]).decode().splitlines()
    ours = [it for it in lines if it.startswith("oo_decisions_total{") and f'"{how}"' in it]
    return sum(float(it.split()[-1]) for it in ours)


async def test_a_tip_that_came_too_late_for_its_caller_is_not_logged(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put_pool(db, clock, user)

    class Slow(Learner):
        takes_s = 59.0

        async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
            clock.advance(self.takes_s)
            return await super().score(requests)

    ranker = Slow(db, POLICY, clock)
    assert isinstance(await recommender(db, clock, ranker).recommend(account(user)), Served)
    ranker.takes_s = 61.0
    with pytest.raises(Unavailable):
        await recommender(db, clock, ranker).recommend(account(user))
    async with db.read() as connection:
        assert len((await connection.execute(select(tables.tip_scores))).all()) == 1


async def test_an_empty_pool_is_filled_once_for_all_that_wait_and_for_those_who_gave_up(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.write() as connection:
        await tasks.put(connection, user, [Task("file:1", "file", "1", "Write to Mara")])
    recommends, made, go = recommender(db, clock), list[str](), asyncio.Event()
    make = recommends._fallback.make

    async def slow(user_id: str) -> bool:
        made.append(user_id)
        await go.wait()
        return await make(user_id)

    monkeypatch.setattr(recommends._fallback, "make", slow)
    for _ in range(5):  # time is up for each; a retry must not begin it anew
        recommends.set_deadline(0.01)
        with pytest.raises(Unavailable):
            await recommends.recommend(account(user))
    recommends.set_deadline(60.0)
    waits = [asyncio.create_task(recommends.recommend(account(user))) for _ in range(20)]
    await asyncio.sleep(0)
    go.set()
    assert all(isinstance(served, Served) for served in await asyncio.gather(*waits))
    assert made == [user]


async def test_templates_serve_when_the_pool_is_empty_and_no_model_answers(
    db: Database, clock: ManualClock, user: str
) -> None:
    async with db.write() as connection:
        await tasks.put(connection, user, [Task("file:1", "file", "1", "Write to Mara")])
    recommends = recommender(db, clock)
    served = await recommends.recommend(account(user))
    assert isinstance(served, Served)
    assert served.candidate.source == "fallback"
    assert served.decision.degraded is None
    assert isinstance(recommends._refill, NoRefill)
    # a quarter of the deadline: composing, ranking and a commit follow
    assert recommends._refill.given == [pytest.approx(15.0)]


async def test_nobody_is_told_anything_without_tasks(
    db: Database, clock: ManualClock, user: str
) -> None:
    answer = await recommender(db, clock).recommend(account(user))
    assert answer == Nothing("nothing_connected")


async def test_expired_and_held_candidates_are_not_served(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put_pool(db, clock, user)
    pool = Pool(db, clock)
    assert len((await pool.stock(user, 1)).eligible(clock.now())) == 3
    clock.advance(timedelta(hours=6).total_seconds())
    assert (await pool.stock(user, 1)).eligible(clock.now()) == []


async def test_the_pool_is_read_again_when_its_version_moves(
    db: Database, clock: ManualClock, user: str
) -> None:
    pool = Pool(db, clock)
    assert (await pool.stock(user, 0)).entries == []
    await put_pool(db, clock, user)
    assert (await pool.stock(user, 0)).entries == []
    assert len((await pool.stock(user, 1)).entries) == 3


def test_candidates_end_with_their_part_of_the_day() -> None:
    assert end_of_daypart(START) == START.replace(hour=12)
    late = START.replace(hour=23, minute=30)
    assert end_of_daypart(late) == late.replace(hour=0, minute=0) + timedelta(days=1)


class NoProfiles(Profiles):
    """Profiles that fail, or never come."""

    def __init__(self, db: Database, clock: ManualClock, *, hangs: bool) -> None:
        super().__init__(db, clock)
        self._hangs = hangs

    async def get(self, user_id: str, user_seq: int, past_version: int) -> Profile:
        if self._hangs:
            await asyncio.Event().wait()
        raise RuntimeError("no profile")


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_tip_needs_no_profile(
    db: Database, clock: ManualClock, user: str, hangs: bool
) -> None:
    await put_pool(db, clock, user)
    recommends = recommender(db, clock, deadline_s=2.0)
    recommends._profiles = NoProfiles(db, clock, hangs=hangs)
    served = await recommends.recommend(account(user))
    assert isinstance(served, Served)
    assert served.decision.degraded is None
    assert set(served.decision.features["completion_rate"]) == {0.5}
