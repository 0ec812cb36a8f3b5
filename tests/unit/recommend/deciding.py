"""Decisions that a policy made and logged, without the way that leads to them."""

from itertools import count

from sqlalchemy import Row

from ml.policies import policies
from oo.domain.decisions import Decision
from oo.domain.rewards import Action
from oo.domain.statistics import day_of
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.recommend.learner import Learner
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import decisions, tables
from oo.store.database import Database
from tests.unit.recommend.conftest import candidate

OFFERED = {
    name: [1.0, 0.5, 0.0] for policy in policies().values() for name in sorted(policy.features)
}
ACTIONS = (Action.DONE, Action.DISMISS, Action.SNOOZE)
_seeds = count()


async def decide(
    db: Database,
    clock: ManualClock,
    learner: Learner,
    user: str,
    seq: int = 0,
    degraded: str | None = None,
) -> str:
    """The id of a tip that the learner picked for the person with `seq` reactions."""
    request = ScoreRequest(user, seq, next(_seeds), OFFERED, day_of(clock.now()))
    (choice,) = await learner.score([request])
    assert isinstance(choice, Choice)
    shown = candidate(clock)
    decision = Decision(
        id=new_id(clock),
        user_id=user,
        created_at=clock.now(),
        candidate=shown,
        candidate_ids=[shown.id, "0" * 32, "1" * 32],
        chosen=choice.chosen,
        policy=choice.policy,
        policy_version=choice.policy_version,
        seed=request.seed,
        state_seq=choice.state_seq,
        propensities=choice.propensities,
        scores=choice.scores,
        features=OFFERED,
        degraded=degraded,
        latency_ms=1.0,
    )
    async with db.write() as connection:
        await decisions.append(connection, [decision])
    return decision.id


async def live(
    db: Database, clock: ManualClock, learner: Learner, user: str, rounds: int, seq: int = 0
) -> list[str]:
    """Tips of a person who reacts to each, at once."""
    border, tips = Reactions(db, clock), []
    for number in range(rounds):
        tips.append(await decide(db, clock, learner, user, seq + number))
        action = ACTIONS[number % len(ACTIONS)]
        await border.accept(ReactionRequest(user, tips[-1], action, 20_000, tips[-1]))
        clock.advance(1)
    await learner.catch_up({user: seq + rounds})
    await learner.flush()
    return tips


async def said(db: Database, policy: str) -> dict[str, Row[tuple[object, ...]]]:
    """What that shadow said, by tip."""
    async with db.read() as connection:
        rows = await connection.execute(
            tables.shadow_scores.select().where(tables.shadow_scores.c.policy == policy)
        )
        return {row.tip_id: row for row in rows}
