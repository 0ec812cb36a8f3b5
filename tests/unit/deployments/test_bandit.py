"""The shard: no tip waits for a shadow, and a change of policies keeps what is known."""

import time
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import cast

import pytest

from deployments import bandit
from deployments.bandit import BanditShard
from deployments.process import Base
from ml.policies import policies
from oo.domain.policies import Policy, PolicyRef
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.mlops import policy_lookup, roles
from oo.mlops.policy_lookup import DEFAULT_POLICY, Finder
from oo.mlops.replay import check_decisions
from oo.mlops.roles import Order
from oo.mlops.shadows import ShadowPolicies
from oo.recommend import shadow_opinions
from oo.recommend.deciding import Account, Served
from oo.recommend.learner import Learner
from oo.recommend.scoring import Choice, ScoreRequest
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store import policies as store
from oo.store import users
from oo.store.database import Database
from oo.store.policies import IN_FORCE, SHADOW, Change
from tests.peers.shadows import Hindered, ask_all
from tests.peers.store import add_person
from tests.unit.recommend.conftest import put_pool
from tests.unit.recommend.deciding import OFFERED, live, said
from tests.unit.recommend.test_recommender import recommender as recommender_on

SLOW_S = 0.3
SHADOW_NAME = "lints"
ROUNDS = 4


@pytest.fixture
async def shard(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BanditShard]:
    base = Base(Settings(), clock, db, Random(1))
    monkeypatch.setattr(bandit, "start", lambda _part: base)
    shard = BanditShard()
    yield shard
    for task in shard._tasks:
        task.cancel()


def hinder(monkeypatch: pytest.MonkeyPatch, first: Callable[[], object]) -> None:
    """The shadow as every process finds it from now on."""
    hindered = cast(Policy, Hindered(policies()[SHADOW_NAME], first))
    known = {**policies(), SHADOW_NAME: hindered}
    monkeypatch.setattr(policy_lookup, "policies", lambda: known)


async def put(db: Database, clock: ManualClock, name: str, role: str) -> None:
    change = Change(PolicyRef(name, "1"), role, "test", "to see", {}, clock.now())
    async with db.write() as connection:
        await store.record(connection, change)


async def rank(shard: BanditShard, user: str, seq: int) -> Choice:
    (choice,) = await shard.score([ScoreRequest(user, seq, 7, OFFERED, 0)])
    assert isinstance(choice, Choice)
    return choice


class Hindrance:
    """Blocks, or fails, while it is told to."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self) -> None:
        if self.kind == "slow":
            time.sleep(SLOW_S)
        if self.kind == "broken":
            raise RuntimeError("broken")


@pytest.mark.parametrize("kind", ["slow", "broken", "far behind"])
async def test_no_tip_waits_for_a_shadow(
    kind: str,
    db: Database,
    clock: ManualClock,
    shard: BanditShard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hindrance = Hindrance(kind)
    user = await add_person(db, clock)
    reactions = 1000 if kind == "far behind" else 3
    await live(db, clock, Learner(db, policies()[DEFAULT_POLICY], clock), user, reactions)
    hinder(monkeypatch, hindrance)
    await roles.shadow(db, SHADOW_NAME, Order("ada", "a look at it", clock.now()))
    await shard.reconfigure({})
    await put_pool(db, clock, user)
    recommender = recommender_on(db, clock, shard)
    async with db.read() as connection:
        head = (await users.heads(connection, [user]))[user]
    account = Account(user, head.user_seq, head.pool_version, head.timezone)
    times, tips = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        served = await recommender.recommend(account)
        times.append(time.perf_counter() - began)
        assert isinstance(served, Served)
        assert served.decision.degraded is None
        tips.append(served.decision.id)
    assert min(times) < 0.08  # once without the noise of a busy machine

    hindrance.kind = "repaired" if kind == "broken" else kind
    opinions = ShadowOpinions(db, clock, ShadowPolicies(db))
    assert await ask_all(opinions) == ROUNDS
    rows = await said(db, SHADOW_NAME)
    assert [rows[tip].state_seq for tip in tips] == [reactions] * ROUNDS
    drawn = await check_decisions(db, Finder().find)
    assert (drawn.opinions, drawn.different) == (ROUNDS, [])


async def test_who_is_in_shadow_is_noticed_without_a_restart(
    db: Database, clock: ManualClock, shard: BanditShard
) -> None:
    user = await add_person(db, clock)
    await shard.reconfigure({})
    opinions = ShadowOpinions(db, clock, ShadowPolicies(db))
    learner = shard._current
    for role, count in ((SHADOW, 2), ("off", 2), (SHADOW, 4), (IN_FORCE, 4)):
        await put(db, clock, SHADOW_NAME, role)
        await live(db, clock, learner, user, 2, seq=(await _seq(db, user)))
        await ask_all(opinions)
        assert len(await said(db, SHADOW_NAME)) == count
        clock.advance(shadow_opinions.PAUSES.first.total_seconds())


async def _seq(db: Database, user: str) -> int:
    async with db.read() as connection:
        return (await users.heads(connection, [user]))[user].user_seq


async def test_a_change_keeps_the_memory_of_what_stays_in_force(
    db: Database, clock: ManualClock, shard: BanditShard
) -> None:
    user = await add_person(db, clock)
    await shard.reconfigure({})
    await live(db, clock, shard._current, user, 3)
    before = shard._current
    await put(db, clock, "ebts", SHADOW)
    await shard._follow()
    assert shard._current is before
    assert (await rank(shard, user, 3)).policy == DEFAULT_POLICY


async def test_a_promoted_shadow_knows_what_was_stored_of_it(
    db: Database, clock: ManualClock, shard: BanditShard
) -> None:
    user = await add_person(db, clock)
    await shard.reconfigure({})
    await put(db, clock, "ebts", SHADOW)
    await live(db, clock, shard._current, user, 3)
    assert await ask_all(ShadowOpinions(db, clock, ShadowPolicies(db))) == 3
    await put(db, clock, "ebts", IN_FORCE)
    await shard._follow()
    choice = await rank(shard, user, 3)
    assert (choice.policy, choice.state_seq) == ("ebts", 3)


async def test_what_was_not_written_when_the_policy_changed_is_not_lost(
    db: Database, clock: ManualClock, shard: BanditShard
) -> None:
    user = await add_person(db, clock)
    await shard.reconfigure({})
    await live(db, clock, Learner(db, policies()["random"], clock), user, 3)
    await shard.wake({user: 3})
    for name in ("ebts", DEFAULT_POLICY):
        await put(db, clock, name, IN_FORCE)
        await shard._follow()
    (model,) = (await shard._current.catch_up({user: 0})).values()
    assert model.applied_seq == 3  # type: ignore[union-attr]
