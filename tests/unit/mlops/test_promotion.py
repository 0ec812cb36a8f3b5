"""The gate's evidence out of a real store: which decisions count, and for how much."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from sqlalchemy import update
from typer.testing import CliRunner

from ml.policies import policies
from ml.policies._linear import Gaussian
from ml.policies.random import Random
from ml.promotion.differences import gains
from ml.promotion.evidence import Evidence
from ml.promotion.gate import bounded
from ml.promotion.limits import LIMITS
from oo.cli.main import build
from oo.domain.policies import PolicyRef, Scored, Trainable
from oo.domain.rewards import MISSED_REWARD, Action, Outcome
from oo.domain.statistics import Floats
from oo.kit.clock import ManualClock
from oo.mlops.logged_decisions import NothingLogged, read_log
from oo.mlops.promotion import gather, prepare
from oo.recommend.outcomes import Outcomes
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import policies as store
from oo.store import tables
from oo.store.database import Database
from oo.store.policies import Parameters
from tests.peers.store import fresh_store, shift_log
from tests.unit.mlops.conftest import SHADOWED, on_store
from tests.unit.mlops.decision_logs import SETTLED, START, live, live_with_missed, store_url

PEOPLE, ROUNDS = 15, 100
EVENING, NEXT_DAY = START + timedelta(hours=12), START + timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class Urgent(Random):
    """What is urgent, always: 0.075 worse than chance where people live with missed tips."""

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        urgent = x[:, 0]
        return Scored(urgent, (urgent == urgent.max()).astype(float))


URGENT = Urgent("urgent", "1", ("is_overdue",))


def oo(*arguments: str) -> Result:
    return CliRunner().invoke(build(), [*arguments])


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as found:
        yield found


async def with_urgent(db: Database, now: datetime) -> tuple[Evidence, int]:
    found = await gather(db, URGENT, policies()["random"], now)
    return found.evidence, found.unsettled


async def test_a_young_log_favours_what_is_missed_and_does_not_count(db: Database) -> None:
    await live_with_missed(db, PEOPLE, ROUNDS)
    young = await read_log(db, EVENING, unsettled=True)
    urgent = young.actions == 0
    # what has a reaction so far says the opposite of the truth
    assert young.rewards[urgent].mean() > young.rewards[~urgent].mean() + 0.2
    evidence, unsettled = await with_urgent(db, EVENING)
    assert (len(evidence), unsettled) == (0, PEOPLE * ROUNDS)
    with pytest.raises(NothingLogged, match="wait: 1500 decisions are younger than a day"):
        await read_log(db, EVENING)


async def test_a_worse_challenger_is_seen_to_be_worse_once_rewards_are_settled(
    db: Database,
) -> None:
    await live_with_missed(db, PEOPLE, ROUNDS)
    evidence, unsettled = await with_urgent(db, NEXT_DAY)
    assert (len(evidence), unsettled) == (PEOPLE * ROUNDS, 0)
    found = bounded(gains(evidence), evidence, LIMITS.level)
    assert found.mean == pytest.approx(-0.075, abs=0.04)
    assert found.lower < 0


async def test_what_counts_does_not_depend_on_when_defaults_are_logged(db: Database) -> None:
    await live_with_missed(db, 3, 20)
    before, _ = await with_urgent(db, NEXT_DAY)
    assert await Outcomes(db, ManualClock(NEXT_DAY)).settle_missed() > 0
    after, _ = await with_urgent(db, NEXT_DAY)
    np.testing.assert_array_equal(before.rewards, after.rewards)


async def test_the_hour_after_the_day_is_waited_for(db: Database) -> None:
    await live_with_missed(db, 1, 20)
    almost, unsettled = await with_urgent(db, NEXT_DAY - timedelta(seconds=1))
    assert (len(almost), unsettled) == (0, 20)


@pytest.mark.parametrize("settled_first", [True, False])
async def test_a_late_reaction_leaves_the_default(db: Database, settled_first: bool) -> None:
    await live(db, 1, 1, ignored=1)
    log = await read_log(db, SETTLED, missing_reward=0.0)
    (tip,) = log.decisions
    clock = ManualClock(tip.created_at + timedelta(hours=30))
    await see(db, tip.created_at)
    if settled_first:
        await Outcomes(db, clock).settle_missed()
    late = ReactionRequest(tip.user_id, tip.id, Action.DONE, 60_000, "late")
    assert (await Reactions(db, clock).accept(late)).late
    (found,) = (await read_log(db, SETTLED)).decisions
    assert (found.reward, found.action) == (MISSED_REWARD, Outcome.MISSED)


async def test_a_tip_that_nobody_saw_within_the_day_does_not_count(db: Database) -> None:
    await live(db, 1, 2, ignored=1)
    first = (await read_log(db, SETTLED, missing_reward=0.0)).decisions[0]
    await see(db, first.created_at + timedelta(hours=25))
    log = await read_log(db, SETTLED)
    assert (len(log), log.without_reward) == (1, 1)


async def see(db: Database, at: datetime) -> None:
    async with db.write() as connection:
        await connection.execute(update(tables.tip_scores).values(seen_at=at))


def age(folder: Path, by: timedelta) -> None:
    """Let the first decision be that old."""
    on_store(folder, lambda db: shift_log(db, datetime.now(UTC) - by - START))


def test_a_promotion_on_a_young_log_says_to_wait(folder: Path) -> None:
    age(folder, timedelta(hours=1))  # all of it: later decisions lie in the future
    result = oo("policy", "promote", SHADOWED, "--reason", "it looks good")
    assert result.exit_code == 1
    assert "Wait: 600 decisions are younger than a day" in result.output
    assert "(600 younger than a day left out)" in result.output


def test_evaluation_says_how_many_decisions_it_left_out(folder: Path) -> None:
    age(folder, timedelta(days=40))
    settled = oo("ope", "random")
    assert "younger than a day, not settled, left out" in settled.output
    assert "600 decisions" not in settled.output
    assert "600 decisions" in oo("ope", "random", "--unsettled").output


def test_a_shadow_that_said_something_else_than_its_replay_is_refused(folder: Path) -> None:
    async def lie(db: Database) -> None:
        s = tables.shadow_scores.c
        async with db.write() as connection:
            row = (await connection.execute(tables.shadow_scores.select())).first()
            assert row is not None
            told = [1.0, *[0.0] * (len(row.propensities) - 1)]
            mine = (s.tip_id == row.tip_id, s.user_id == row.user_id)
            query = update(tables.shadow_scores).where(*mine)
            await connection.execute(query.values(propensities=told))

    on_store(folder, lie)
    result = oo("policy", "promote", SHADOWED, "--reason", "better")
    assert result.exit_code == 1
    assert "In 1 of 600 decisions it said something else online" in result.output


async def test_decisions_that_parameters_may_have_been_fitted_to_do_not_count(
    folder: Path,
) -> None:
    policy = policies()["ebts"]
    assert isinstance(policy, Trainable)
    data = policy.parameters()
    fitted = policy.with_parameters(data)
    at = START + timedelta(days=60)
    db = Database(store_url(folder))
    try:
        every = await prepare(db, "ebts", SETTLED)
        async with db.write() as connection:
            ref = PolicyRef("ebts", fitted.version)
            await store.keep_parameters(connection, Parameters(ref, data, {}, at))
        contest = await prepare(db, str(ref), SETTLED, START)
    finally:
        await db.close()
    assert (every.since, len(every.evidence)) == (None, 600)
    assert contest.since == at
    assert 0 < len(contest.evidence) < 600
