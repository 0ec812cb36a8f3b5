"""Delayed and missing reactions: learnt once, exactly, and never over a person's own."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import update

from ml.policies import policies
from oo.domain.reactions import Reaction
from oo.domain.rewards import MISSED_REWARD, Action, Outcome
from oo.domain.statistics import Statistics
from oo.kit.clock import ManualClock
from oo.mlops.policy_lookup import find_by_key
from oo.mlops.replay import check_models
from oo.recommend import outcomes
from oo.recommend.learner import Learner
from oo.recommend.outcomes import Outcomes
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import decisions, feedback, models
from oo.store.database import Database
from oo.store.tables import users
from tests.peers.store import add_person
from tests.unit.recommend.conftest import FEATURES, candidate, serve_tip

POLICY = policies()["egreedy-v1"]
DAY = 24 * 3600


async def see(db: Database, clock: ManualClock, user: str, tip: str) -> None:
    async with db.write() as connection:
        assert await decisions.mark_seen(connection, user, tip, clock.now())


async def log(db: Database, user: str, count: int) -> list[Reaction]:
    async with db.read() as connection:
        return (await feedback.between(connection, {user: (0, count)}))[user]


async def learnt(db: Database, clock: ManualClock, user: str, seq: int) -> Statistics:
    learner = Learner(db, POLICY, clock)
    await learner.catch_up({user: seq})
    await learner.flush()
    async with db.read() as connection:
        stored = (await models.load(connection, [user], POLICY.state_key))[user]
    assert not (await check_models(db, find_by_key)).different
    return Statistics.decode(stored.state)


async def test_only_a_tip_that_was_seen_is_missed(
    db: Database, clock: ManualClock, user: str
) -> None:
    await serve_tip(db, clock, user)
    seen = await serve_tip(db, clock, user)
    await see(db, clock, user, seen)
    noticing = Outcomes(db, clock)
    clock.advance(DAY - 60)
    assert await noticing.settle_missed() == 0
    clock.advance(120)
    assert await noticing.settle_missed() == 1
    assert await noticing.settle_missed() == 0
    (row,) = await log(db, user, 1)
    assert (row.tip_id, row.reward, row.late) == (seen, MISSED_REWARD, False)


async def test_a_reaction_after_the_deadline_is_kept_but_not_learnt_again(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user)
    await see(db, clock, user, tip)
    clock.advance(DAY + 60)
    await Outcomes(db, clock).settle_missed()
    answer = await Reactions(db, clock).accept(
        ReactionRequest(user, tip, Action.DONE, 20_000, "key")
    )
    assert (answer.late, answer.user_seq) == (True, 2)
    state = await learnt(db, clock, user, 2)
    assert (state.n, state.q) == (1, pytest.approx(MISSED_REWARD**2))


async def test_a_completion_elsewhere_replaces_the_default_exactly(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user, candidate(clock, "todoist:1"))
    await see(db, clock, user, tip)
    noticing = Outcomes(db, clock)
    clock.advance(DAY + 60)
    await noticing.settle_missed()
    clock.advance(3600)
    assert await noticing.done_elsewhere(user, "todoist:1", clock.now()) == 1
    assert await noticing.done_elsewhere(user, "todoist:1", clock.now()) == 0
    provisional, final = await log(db, user, 2)
    assert (final.replaces, final.reward, final.revision) == (provisional.reward, 0.3, 1)
    assert final.learned_at == provisional.learned_at
    x = np.array([FEATURES[name][0] for name in POLICY.features])
    state = await learnt(db, clock, user, 2)
    np.testing.assert_allclose(state.b, 0.3 * x, atol=1e-12)
    assert (state.n, state.q) == (1, pytest.approx(0.09))


async def test_a_completion_elsewhere_in_time_is_a_delayed_reward(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user, candidate(clock, "todoist:1"))
    await serve_tip(db, clock, user, candidate(clock, "todoist:1"))  # never seen
    await see(db, clock, user, await serve_tip(db, clock, user, candidate(clock, "todoist:2")))
    await see(db, clock, user, tip)
    clock.advance(90)
    assert await Outcomes(db, clock).done_elsewhere(user, "todoist:1", clock.now()) == 1
    (row,) = await log(db, user, 1)
    assert (row.tip_id, row.reward) == (tip, 1.0)


async def test_the_delay_ends_when_the_task_was_finished(
    db: Database, clock: ManualClock, user: str
) -> None:
    await see(db, clock, user, await serve_tip(db, clock, user, candidate(clock, "todoist:1")))
    finished_at = clock.now() + timedelta(minutes=1)
    clock.advance(11 * 60)
    assert await Outcomes(db, clock).done_elsewhere(user, "todoist:1", finished_at) == 1
    (row,) = await log(db, user, 1)
    assert (row.reward, row.created_at) == (1.0, clock.now())


@pytest.mark.parametrize("served_later_s", [-7 * DAY - 1, 1])
async def test_a_tip_long_before_or_after_the_completion_was_not_its_reason(
    db: Database, clock: ManualClock, user: str, served_later_s: float
) -> None:
    await see(db, clock, user, await serve_tip(db, clock, user, candidate(clock, "todoist:1")))
    finished_at = clock.now() - timedelta(seconds=served_later_s)
    clock.advance(60)
    assert await Outcomes(db, clock).done_elsewhere(user, "todoist:1", finished_at) == 0


async def test_a_persons_own_reaction_is_never_overruled(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user, candidate(clock, "todoist:1"))
    await see(db, clock, user, tip)
    await Reactions(db, clock).accept(ReactionRequest(user, tip, Action.DISMISS, 900, "key"))
    noticing = Outcomes(db, clock)
    assert await noticing.done_elsewhere(user, "todoist:1", clock.now()) == 0
    clock.advance(2 * DAY)
    assert await noticing.settle_missed() == 0


async def test_tips_of_a_deleted_person_hold_up_nobody(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await add_person(db, clock, "gone")
    await see(db, clock, gone, await serve_tip(db, clock, gone))
    async with db.write() as connection:
        query = update(users).where(users.c.id == gone).values(deleted_at=clock.now())
        await connection.execute(query)
    clock.advance(1)
    await see(db, clock, user, await serve_tip(db, clock, user))
    monkeypatch.setattr(outcomes, "BATCH", 1)
    clock.advance(DAY + 60)
    assert await Outcomes(db, clock).settle_missed() == 1


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_a_key_that_a_person_chooses_is_never_one_of_ours(
    db: Database, clock: ManualClock, user: str, outcome: Outcome
) -> None:
    tip = await serve_tip(db, clock, user, candidate(clock, "todoist:1"))
    other = await serve_tip(db, clock, user)
    await see(db, clock, user, tip)
    key = f"{outcome.value}:{tip}"
    await Reactions(db, clock).accept(ReactionRequest(user, other, Action.SNOOZE, 900, key))
    noticing = Outcomes(db, clock)
    if outcome is Outcome.MISSED:
        clock.advance(DAY + 60)
        assert await noticing.settle_missed() == 1
    else:
        assert await noticing.done_elsewhere(user, "todoist:1", clock.now()) == 1
    row = (await log(db, user, 2))[1]
    assert (row.tip_id, row.action) == (tip, outcome)
    assert not row.idempotency_key.isprintable()  # which the API refuses from people


async def test_nobody_sees_for_another_person(db: Database, clock: ManualClock, user: str) -> None:
    tip = await serve_tip(db, clock, user)
    async with db.write() as connection:
        assert not await decisions.mark_seen(connection, "f" * 32, tip, clock.now())
    clock.advance(2 * DAY)
    assert await Outcomes(db, clock).settle_missed() == 0
