"""A store whose decisions a real learner made, and whose people liked what they liked."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import update

from ml.policies import policies
from oo.domain.decisions import Decision
from oo.domain.rewards import Action
from oo.domain.statistics import day_of
from oo.domain.tips import TipCandidate, TipKind
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.recommend.learner import Learner
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import decisions, tables
from oo.store.database import Database
from tests.peers.store import add_person

START = datetime(2024, 11, 1, 9, 0, tzinfo=UTC)
SETTLED = datetime(2026, 1, 1, tzinfo=UTC)  # long after the last decision
FEATURES = (
    "is_overdue",
    "task_age_days",
    "priority",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
)


async def live(
    db: Database,
    people: int,
    rounds: int,
    policy: str = "egreedy-v1",
    seed: int = 0,
    ignored: int = 0,
) -> None:
    """`people` who each get `rounds` tips picked by `policy` and do those that are overdue.

    The first `ignored` tips of each get no reaction. Candidates number from 2 to 5.
    """
    rng, clock = np.random.default_rng(seed), ManualClock(START)
    learner, border = Learner(db, policies()[policy], clock), Reactions(db, clock)
    for number in range(people):
        person = await add_person(db, clock, f"person{number}")
        reactions = 0
        for index in range(rounds):
            clock.advance(7 * 3600)
            features = _features(rng)
            draw = int(rng.integers(2**31))
            request = ScoreRequest(person, reactions, draw, features, day_of(clock.now()))
            (choice,) = await learner.score([request])
            assert isinstance(choice, Choice)
            decision = _decision(clock, request, choice, ("m-small", "m-large")[index % 2])
            async with db.write() as connection:
                await decisions.append(connection, [decision])
            if index < ignored:
                continue
            overdue = features["is_overdue"][choice.chosen]
            done = rng.random() < 0.2 + 0.6 * overdue
            action = Action.DONE if done else Action.DISMISS
            clock.advance(60)
            await border.accept(ReactionRequest(person, decision.id, action, 60_000, decision.id))
            reactions += 1


async def live_with_missed(db: Database, people: int, rounds: int, seed: int = 0) -> None:
    """Decisions of one morning, uniform over an urgent and another task, all of them seen.

    The urgent one is mostly missed, and mostly done where there is a reaction: 0.11 on average.
    The other one has a reaction nine times in ten, worth less each: 0.26 on average.
    """
    rng, clock = np.random.default_rng(seed), ManualClock(START)
    border = Reactions(db, clock)
    for number in range(people):
        person = await add_person(db, clock, f"person{number}")
        made = []
        for _ in range(rounds):
            features = {name: [0.0, 0.0] for name in FEATURES} | {"is_overdue": [1.0, 0.0]}
            request = ScoreRequest(person, 0, int(rng.integers(2**31)), features, 0)
            pick = int(rng.integers(2))
            choice = Choice(pick, [0.0, 0.0], [0.5, 0.5], "random", "1", 0)
            made.append(_decision(clock, request, choice, "m-small"))
        async with db.write() as connection:
            await decisions.append(connection, made)
            seen = tables.tip_scores.c.user_id == person
            values = {"seen_at": clock.now()}
            await connection.execute(update(tables.tip_scores).where(seen).values(values))
        reactions = []
        for one in made:
            reacts, does = ((0.3, 0.8), (0.9, 0.65))[one.chosen]
            if rng.random() < reacts:
                action = Action.DONE if rng.random() < does else Action.DISMISS
                reactions.append(ReactionRequest(person, one.id, action, 60_000, one.id))
        await asyncio.gather(*(border.accept(one) for one in reactions))


async def live_with_prompts(db: Database, people: int, rounds: int, seed: int = 0) -> None:
    """Tips of two prompts and two models, drawn apart; only the prompt matters.

    `plain-v1` is done three times in ten, `plain-v2` seven times; `rare-v1` wrote three tips.
    """
    rng, clock = np.random.default_rng(seed), ManualClock(START)
    border = Reactions(db, clock)
    for number in range(people):
        person = await add_person(db, clock, f"person{number}")
        for index in range(rounds):
            clock.advance(3600)
            features = {name: [0.0, 0.0] for name in FEATURES}
            request = ScoreRequest(person, 0, int(rng.integers(2**31)), features, 0)
            pick = int(rng.integers(2))
            choice = Choice(pick, [0.0, 0.0], [0.5, 0.5], "random", "1", 0)
            prompt = str(rng.choice(["plain-v1", "plain-v2"]))
            if number < 3 and index == 0:
                prompt = "rare-v1"
            model = str(rng.choice(["m-small", "m-large"]))
            made = _decision(clock, request, choice, model, prompt)
            async with db.write() as connection:
                await decisions.append(connection, [made])
            is_done = rng.random() < (0.7 if prompt == "plain-v2" else 0.3)
            action = Action.DONE if is_done else Action.DISMISS
            clock.advance(60)
            await border.accept(ReactionRequest(person, made.id, action, 60_000, made.id))


def _features(rng: np.random.Generator) -> dict[str, list[float]]:
    k = int(rng.integers(2, 6))
    features = {name: rng.random(k).tolist() for name in FEATURES}
    return features | {"is_overdue": rng.integers(0, 2, k).astype(float).tolist()}


def _decision(
    clock: ManualClock, request: ScoreRequest, choice: Choice, model: str, prompt: str = "v1"
) -> Decision:
    candidate = TipCandidate(
        id=new_id(clock),
        kind=TipKind.TASK,
        content="Begin.",
        source="llm",
        model=model,
        prompt_version=prompt,
        confidence=0.5,
        task_id=None,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=5),
    )
    ids = [new_id(clock) for _ in choice.propensities]
    ids[choice.chosen] = candidate.id
    return Decision(
        id=new_id(clock),
        user_id=request.user_id,
        created_at=clock.now(),
        candidate=candidate,
        candidate_ids=ids,
        chosen=choice.chosen,
        policy=choice.policy,
        policy_version=choice.policy_version,
        seed=request.seed,
        state_seq=choice.state_seq,
        propensities=choice.propensities,
        scores=choice.scores,
        features=request.features,
        degraded=None,
        latency_ms=1.0,
    )


def store_url(folder: Path) -> str:
    """Where the application looks for its store when `folder` is its data folder."""
    return f"sqlite+aiosqlite:///{folder / 'oo.db'}"
