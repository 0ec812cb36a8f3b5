"""The decision log (`tip_scores`): what was served to whom, out of what, why and how likely."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.tips import TipCandidate
from oo.store.database import PURGE_ROWS
from oo.store.tables import feedback, shadow_scores, tip_scores, users

# built once: every reaction runs it
_SHOWN = select(
    tip_scores.c.id,
    tip_scores.c.user_id,
    tip_scores.c.created_at,
    tip_scores.c.kind,
    tip_scores.c.task_id,
    tip_scores.c.candidate_ids,
    tip_scores.c.chosen,
    tip_scores.c.features,
).where(
    tip_scores.c.user_id.in_(bindparam("people", expanding=True)),
    tip_scores.c.id.in_(bindparam("tips", expanding=True)),
)


class Opinion(NamedTuple):
    """What a shadow policy would have picked out of the same candidates."""

    policy: str
    policy_version: str
    state_seq: int
    chosen: int
    propensities: list[float]
    scores: list[float]


@dataclass(frozen=True, slots=True)
class Decision:
    """One served tip. The lists have one entry per candidate; `chosen` indexes them.

    `features` holds every registered feature by name. `state_seq` is the number of the person's
    reactions in the state that scored. `degraded` says why the policy in force did not pick.
    """

    id: str
    user_id: str
    created_at: datetime
    candidate: TipCandidate
    candidate_ids: list[str]
    chosen: int
    policy: str
    policy_version: str
    seed: int
    state_seq: int
    propensities: list[float]
    scores: list[float]
    features: dict[str, list[float]]
    degraded: str | None
    latency_ms: float
    shadows: list[Opinion] = field(default_factory=list)


class Shown(NamedTuple):
    """The part of a decision that a reaction needs."""

    user_id: str
    created_at: datetime
    kind: str
    task_id: str | None
    candidate_id: str
    features: dict[str, float]


async def append(connection: AsyncConnection, decisions: Sequence[Decision]) -> None:
    """Log decisions, and what the shadow policies would have picked."""
    await connection.execute(
        insert(tip_scores),
        [
            {
                "id": decision.id,
                "user_id": decision.user_id,
                "created_at": decision.created_at,
                "kind": decision.candidate.kind.value,
                "content": decision.candidate.content,
                "source": decision.candidate.source,
                "model": decision.candidate.model,
                "prompt_version": decision.candidate.prompt_version,
                "confidence": decision.candidate.confidence,
                "task_id": decision.candidate.task_id,
                "candidate_ids": decision.candidate_ids,
                "chosen": decision.chosen,
                "policy": decision.policy,
                "policy_version": decision.policy_version,
                "seed": decision.seed,
                "state_seq": decision.state_seq,
                "propensity": decision.propensities[decision.chosen],
                "propensities": decision.propensities,
                "scores": decision.scores,
                "features": decision.features,
                "degraded": decision.degraded,
                "latency_ms": decision.latency_ms,
            }
            # always in the same order: each row locks its person against deletion
            for decision in sorted(decisions, key=lambda decision: decision.user_id)
        ],
    )

    opinions = [
        {"tip_id": decision.id, "user_id": decision.user_id, **opinion._asdict()}
        for decision in decisions
        for opinion in decision.shadows
    ]
    if opinions:
        await connection.execute(insert(shadow_scores), opinions)


async def shown(
    connection: AsyncConnection, user_ids: Collection[str], tip_ids: Collection[str]
) -> dict[str, Shown]:
    """The named tips of these people, by tip id; callers still match person and tip."""
    return {
        row.id: Shown(
            row.user_id,
            row.created_at,
            row.kind,
            row.task_id,
            row.candidate_ids[row.chosen],
            {name: values[row.chosen] for name, values in row.features.items()},
        )
        for row in await connection.execute(
            _SHOWN, {"people": list(user_ids), "tips": list(tip_ids)}
        )
    }


class Seen(NamedTuple):
    """A tip that the person really saw, with the features that a reaction to it teaches."""

    id: str
    user_id: str
    created_at: datetime
    features: dict[str, float]


_SEEN = select(
    tip_scores.c.id,
    tip_scores.c.user_id,
    tip_scores.c.created_at,
    tip_scores.c.chosen,
    tip_scores.c.features,
).where(tip_scores.c.seen_at.is_not(None))


def _seen(row: Any) -> Seen:
    features = {name: values[row.chosen] for name, values in row.features.items()}
    return Seen(row.id, row.user_id, row.created_at, features)


async def mark_seen(connection: AsyncConnection, user_id: str, tip_id: str, now: datetime) -> bool:
    """Note when the person first saw the tip; whether there is such a tip of theirs."""
    t = tip_scores.c
    changed = await connection.execute(
        update(tip_scores)
        .where(t.user_id == user_id, t.id == tip_id)
        .values(seen_at=func.coalesce(t.seen_at, now))
    )
    return changed.rowcount == 1


async def missed(connection: AsyncConnection, before: datetime, limit: int) -> list[Seen]:
    """Tips served before then that were seen and have no reaction at all, the oldest first.

    None of deleted people: their tips get no reaction any more and would fill every batch.
    """
    t = tip_scores.c
    reacted = select(feedback.c.tip_id).where(feedback.c.tip_id == t.id).correlate(tip_scores)
    query = (
        _SEEN.join(users, users.c.id == t.user_id)
        .where(users.c.deleted_at.is_(None), t.created_at < before, ~reacted.exists())
        .order_by(t.created_at)
        .limit(limit)
    )
    return [_seen(row) for row in await connection.execute(query)]


async def seen_of_task(
    connection: AsyncConnection, user_id: str, task_id: str, since: datetime, until: datetime
) -> list[Seen]:
    """The person's tips served in that time that were seen and spoke of the task, oldest first."""
    t = tip_scores.c
    query = _SEEN.where(
        t.user_id == user_id, t.task_id == task_id, t.created_at.between(since, until)
    ).order_by(t.created_at)
    return [_seen(row) for row in await connection.execute(query)]


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete decisions older than `before` that nobody reacted to; returns how many.

    One with a reaction stays as long as the reaction does: models are folds of that log.
    """
    t = tip_scores.c
    reacted = select(feedback.c.tip_id).where(feedback.c.tip_id == t.id).correlate(tip_scores)
    result = await connection.execute(
        delete(tip_scores).where(
            t.id.in_(select(t.id).where(t.created_at < before, ~reacted.exists()).limit(PURGE_ROWS))
        )
    )
    return result.rowcount
