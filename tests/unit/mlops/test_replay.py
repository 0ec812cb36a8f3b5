"""Decisions come out of the log again, bit for bit, and say why they were made."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.policies import policies
from oo.domain.policies import Policy
from oo.domain.rewards import Action
from oo.kit.clock import ManualClock
from oo.kit.errors import NotFound
from oo.mlops.explanation import Explainer
from oo.mlops.policy_lookup import Finder
from oo.mlops.replay import check_decisions
from oo.recommend.deciding import Account, Served
from oo.recommend.learner import Learner
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store import candidates, feedback, tables
from oo.store.database import Database
from tests.peers.shadows import InShadow, ask_all
from tests.unit.recommend.conftest import candidate, clock, db, put_pool, user
from tests.unit.recommend.test_recommender import recommender as recommender_on

__all__ = ["clock", "db", "user"]  # the fixtures of the recommendation core


async def live(
    db: Database, clock: ManualClock, user: str, policy: Policy, rounds: int, shadow: Policy
) -> list[str]:
    """Tips that the person got and reacted to, some of them seen only."""
    await put_pool(db, clock, user, count=5)
    learner = Learner(db, policy, clock)
    opinions = ShadowOpinions(db, clock, InShadow([shadow], clock.now()))
    recommender = recommender_on(db, clock, learner)
    reactions, random, seq, tips = Reactions(db, clock), Random(1), 0, []
    for number in range(rounds):
        served = await recommender.recommend(Account(user, seq, number, "Europe/Berlin"))
        assert isinstance(served, Served)
        tips.append(served.decision.id)
        if random.random() < 0.7:
            action = random.choice(list(Action))
            answer = await reactions.accept(
                ReactionRequest(user, tips[-1], action, random.randrange(90_000), tips[-1])
            )
            seq = answer.user_seq
        await learner.flush()
        await ask_all(opinions)
        clock.advance(random.choice([60, 3600, 90_000]))
        async with db.write() as connection:
            fresh = [replace(candidate(clock), confidence=random.random()) for _ in range(4)]
            await candidates.replace(connection, user, f"key {number}", fresh, clock.now())
    return tips


@pytest.mark.parametrize("name", sorted(policies()))
async def test_decisions_come_out_again(
    db: Database, clock: ManualClock, user: str, name: str
) -> None:
    shadow = policies()["random" if name == "ebts" else "ebts"]
    tips = await live(db, clock, user, policies()[name], 25, shadow)
    report = await check_decisions(db, Finder().find)
    assert (report.decisions, report.opinions, report.different) == (len(tips), len(tips), [])


async def test_a_decision_that_was_tampered_with_is_found(
    db: Database, clock: ManualClock, user: str
) -> None:
    tips = await live(db, clock, user, policies()["lints"], 3, policies()["random"])
    async with db.write() as connection:
        await connection.execute(
            update(tables.tip_scores)
            .where(tables.tip_scores.c.id == tips[2])
            .values(propensities=[0.25, 0.25, 0.25, 0.25])
        )
    report = await check_decisions(db, Finder().find)
    assert [one.split()[0] for one in report.different] == [tips[2]]


async def test_another_seed_is_found(db: Database, clock: ManualClock, user: str) -> None:
    tips = await live(db, clock, user, policies()["random"], 40, policies()["random"])
    async with db.write() as connection:
        await connection.execute(update(tables.tip_scores).values(seed=4_242))
    different = (await check_decisions(db, Finder().find)).different
    # a decision among a few candidates comes out the same by chance, forty hardly ever do
    assert 0 < len({one.split()[0] for one in different}) < len(tips)


async def test_an_explanation_adds_up_to_the_score(
    db: Database, clock: ManualClock, user: str
) -> None:
    tips = await live(db, clock, user, policies()["ebts"], 12, policies()["random"])
    found = await Explainer(db).explain(tips[-1], user)
    total = sum(part.amount for part in found.contributions)
    assert total == pytest.approx(found.decision.scores[found.decision.chosen], abs=1e-12)
    assert found.pooled + found.personal == pytest.approx(found.expected)
    assert found.pooled != 0
    assert found.personal != 0
    assert all(part.sd >= 0 for part in found.contributions)


@pytest.mark.parametrize("back", [0, 1, 5])
async def test_an_explanation_starts_from_the_stored_state(
    db: Database, clock: ManualClock, user: str, back: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tips = await live(db, clock, user, policies()["ebts"], 40, policies()["random"])
    read, between = 0, feedback.between

    async def counted(connection: AsyncConnection, spans: Any) -> Any:
        nonlocal read
        read += sum(up_to - above for above, up_to in spans.values())
        return await between(connection, spans)

    monkeypatch.setattr(feedback, "between", counted)
    found = await Explainer(db).explain(tips[-1 - back], user)
    total = sum(part.amount for part in found.contributions)
    assert total == pytest.approx(found.decision.scores[found.decision.chosen], abs=1e-9)
    assert read <= back + 1


async def test_another_persons_tip_is_not_explained(
    db: Database, clock: ManualClock, user: str
) -> None:
    tips = await live(db, clock, user, policies()["ebts"], 1, policies()["random"])
    with pytest.raises(NotFound):
        await Explainer(db).explain(tips[0], "f" * 32)


async def test_shadows_are_logged_beside_the_decision(
    db: Database, clock: ManualClock, user: str
) -> None:
    tips = await live(db, clock, user, policies()["egreedy-v2"], 6, policies()["ebts"])
    async with db.read() as connection:
        rows = list(await connection.execute(tables.shadow_scores.select()))
    assert sorted(row.tip_id for row in rows) == sorted(tips)
    for row in rows:
        assert (row.user_id, row.policy) == (user, "ebts")
        assert sum(row.propensities) == pytest.approx(1)


async def test_what_a_shadow_said_is_checked_too(
    db: Database, clock: ManualClock, user: str
) -> None:
    tips = await live(db, clock, user, policies()["egreedy-v1"], 4, policies()["ebts"])
    report = await check_decisions(db, Finder().find)
    assert (report.decisions, report.opinions, report.different) == (4, 4, [])
    async with db.write() as connection:
        await connection.execute(update(tables.shadow_scores).values(scores=[0.5] * 4))
    different = (await check_decisions(db, Finder().find)).different
    assert len(different) == 4
    assert all(any(tip in one for one in different) for tip in tips)
