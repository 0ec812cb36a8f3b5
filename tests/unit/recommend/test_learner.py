"""State = fold(log): whatever is lost, whoever writes, the model equals its log."""

import asyncio
from typing import Any

import numpy as np
import pytest

from ml.policies import policies
from oo.domain.rewards import Action
from oo.domain.statistics import Statistics
from oo.kit.clock import ManualClock
from oo.mlops.policy_lookup import find_by_key
from oo.mlops.replay import check_models
from oo.recommend import learner as learner_module
from oo.recommend.learner import Learner
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import models
from oo.store.database import Database
from oo.store.models import StoredModel
from tests.peers.store import add_person
from tests.unit.recommend.conftest import FEATURES, serve_tip

POLICIES = policies()
POLICY = POLICIES["egreedy-v1"]


async def react(db: Database, clock: ManualClock, user: str, times: int) -> None:
    border = Reactions(db, clock)
    for number in range(times):
        tip = await serve_tip(db, clock, user)
        action = (Action.DONE, Action.DISMISS, Action.SNOOZE)[number % 3]
        await border.accept(ReactionRequest(user, tip, action, 20_000, tip))


def ask(user: str, seq: int) -> ScoreRequest:
    return ScoreRequest(user, seq, 7, FEATURES, 0)


async def test_a_decision_holds_every_reaction_acknowledged_before_it(
    db: Database, clock: ManualClock, user: str
) -> None:
    learner = Learner(db, POLICY, clock)
    assert (await learner.score([ask(user, 0)]))[0].state_seq == 0
    await react(db, clock, user, 3)
    assert (await learner.score([ask(user, 3)]))[0].state_seq == 3


async def test_a_lost_memory_is_folded_again(db: Database, clock: ManualClock, user: str) -> None:
    first = Learner(db, POLICY, clock)
    await react(db, clock, user, 4)
    await first.catch_up({user: 4})
    await first.flush()
    await react(db, clock, user, 3)
    await first.catch_up({user: 7})  # folded, but the process dies before it is written
    second = Learner(db, POLICY, clock)
    await second.catch_up({user: 7})
    await second.flush()
    report = await check_models(db, find_by_key)
    assert (report.models, report.reactions, report.different, report.behind) == (1, 7, [], 0)


async def test_a_stale_holder_never_overwrites_a_newer_state(
    db: Database, clock: ManualClock, user: str
) -> None:
    stale, newer = Learner(db, POLICY, clock), Learner(db, POLICY, clock)
    await react(db, clock, user, 2)
    await stale.catch_up({user: 2})
    await react(db, clock, user, 3)
    await newer.catch_up({user: 5})
    await newer.flush()
    await stale.flush()
    async with db.read() as connection:
        stored = (await models.load(connection, [user], POLICY.name))[user]
    assert stored.applied_seq == 5
    assert not (await check_models(db, find_by_key)).different


async def test_late_reactions_count_but_teach_nothing(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user)
    clock.advance(48 * 3600)
    await Reactions(db, clock).accept(ReactionRequest(user, tip, Action.DONE, 20_000, "k"))
    learner = Learner(db, POLICY, clock)
    await learner.catch_up({user: 1})
    await learner.flush()
    async with db.read() as connection:
        stored = (await models.load(connection, [user], POLICY.name))[user]
    assert (stored.applied_seq, Statistics.decode(stored.state).n) == (1, 0)


async def test_the_check_finds_a_model_that_is_not_its_log(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, 2)
    forged = Statistics.empty(7).add(np.ones(7), 1.0)
    async with db.write() as connection:
        await models.save(
            connection, [StoredModel(user, POLICY.name, forged.encode(), 2)], clock.now()
        )
    assert len((await check_models(db, find_by_key)).different) == 1


async def test_a_model_of_another_dimension_fails_its_own_person_only(
    db: Database, clock: ManualClock, user: str
) -> None:
    wrong = StoredModel(user, POLICY.name, Statistics.empty(3).encode(), 1)
    async with db.write() as connection:
        await models.save(connection, [wrong], clock.now())
    spoilt, fine = await Learner(db, POLICY, clock).score([ask(user, 1), ask("f" * 32, 0)])
    assert isinstance(spoilt, ValueError)
    assert isinstance(fine, Choice)


async def test_memory_is_bounded(db: Database, clock: ManualClock, user: str) -> None:
    learner = Learner(db, POLICY, clock, capacity=5)
    await learner.score([ask(f"{number:032x}", 0) for number in range(20)])
    await learner.flush()
    assert len(learner._models) == 5


async def test_a_long_log_of_many_people_is_folded_in_slices(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, 2)
    wanted = {f"{number:032x}": 0 for number in range(120)} | {user: 2}
    found = await Learner(db, POLICY, clock).catch_up(wanted)
    assert set(found) == set(wanted)
    assert not any(isinstance(model, Exception) for model in found.values())


async def test_of_two_requests_of_a_person_the_newer_number_counts(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, 3)
    answers = await Learner(db, POLICY, clock).score([ask(user, 3), ask(user, 1)])
    assert [one.state_seq for one in answers if isinstance(one, Choice)] == [3, 3]


async def test_who_lacks_very_many_reactions_is_scored_by_the_last_state_and_folded_behind(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner_module, "FOLDED_AT_ONCE", 3)
    await react(db, clock, user, 3)
    first = Learner(db, POLICY, clock)
    assert (await first.score([ask(user, 3)]))[0].state_seq == 3
    await first.flush()
    await react(db, clock, user, 6)
    cold, asked = Learner(db, POLICY, clock), [ask(user, 9)]
    assert (await cold.score(asked))[0].state_seq == 3  # stored, and not random
    assert (await cold.score(asked))[0].state_seq in {3, 9}
    await asyncio.gather(*cold._folding.values())
    assert (await cold.score(asked))[0].state_seq == 9
    assert not (await check_models(db, find_by_key)).different


async def test_a_long_log_is_folded_in_slices_and_others_are_scored_in_between(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices, cut = [], learner_module._slice
    monkeypatch.setattr(learner_module, "REACTIONS_PER_SLICE", 2)
    monkeypatch.setattr(
        learner_module, "_slice", lambda *given: slices.append(cut(*given)) or slices[-1]
    )
    other = await add_person(db, clock, "bob")
    await react(db, clock, user, 9)
    await react(db, clock, other, 1)
    learner = Learner(db, POLICY, clock)
    folding = asyncio.create_task(learner.catch_up({user: 9}))
    await asyncio.sleep(0)
    assert (await learner.score([ask(other, 1)]))[0].state_seq == 1
    await folding
    assert [part[user] for part in slices if user in part] == [
        (0, 2), (2, 4), (4, 6), (6, 8), (8, 9),
    ]  # fmt: skip
    await learner.flush()
    report = await check_models(db, find_by_key)
    assert (report.reactions, report.different) == (10, [])


async def test_a_log_that_does_not_reach_as_far_ends_the_fold(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, 2)
    assert (await Learner(db, POLICY, clock).score([ask(user, 5)]))[0].state_seq == 2


async def test_one_persons_error_is_nobody_elses(
    db: Database, clock: ManualClock, user: str
) -> None:
    features = {name: [1.0, 0.5] for name in POLICY.features}
    learner = Learner(db, POLICY, clock)
    request = ScoreRequest(user, 0, 7, features, 0)
    await learner.score([request])
    spoilt: Any = learner._models[user]
    spoilt.statistics = spoilt.statistics.add(np.full(7, np.nan), 1.0)
    spoilt.posterior = None
    failed, fine = await learner.score([request, request._replace(user_id="f" * 32)])
    assert isinstance(failed, ValueError)
    assert isinstance(fine, Choice)


async def test_a_past_decision_is_scored_with_what_it_knew(
    db: Database, clock: ManualClock, user: str
) -> None:
    learner = Learner(db, POLICY, clock)
    await react(db, clock, user, 5)
    then = [await learner.score_at(ask(user, seq)) for seq in range(6)]
    assert [choice.state_seq for choice in then] == [0, 1, 2, 3, 4, 5]
    await learner.flush()
    again = Learner(db, POLICY, clock)  # what is stored knows more than it is asked about
    assert [await again.score_at(ask(user, seq)) for seq in (3, 4, 5)] == then[3:]
    await again.flush()
    with pytest.raises(ValueError, match="does not reach 6"):
        await again.score_at(ask(user, 6))
    report = await check_models(db, find_by_key)
    assert (report.models, report.reactions, report.different, report.behind) == (1, 5, [], 0)
