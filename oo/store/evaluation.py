"""The decision log with what came of it: what off-policy evaluation reads."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.policies import PolicyRef
from oo.store.tables import feedback, shadow_scores, tip_scores, users

_t, _f, _s = tip_scores.c, feedback.c, shadow_scores.c


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One decision and its outcome. Lists have one entry per candidate; `chosen` indexes them.

    `kind`, `model` and `prompt_version` are those of the chosen candidate. `reward`, `action` and
    `reacted_at` are those of the last reaction that was learnt, None without one: what came too
    late changes nothing. `seen_at` is when the person saw the tip, `joined_at` when they
    came to oO. `degraded` says why the policy
    in force did not pick; the propensities are those of the choice that was made.
    """

    id: str
    user_id: str
    created_at: datetime
    timezone: str
    joined_at: datetime
    kind: str
    model: str
    prompt_version: str
    candidate_ids: list[str]
    chosen: int
    policy: str
    policy_version: str
    seed: int
    state_seq: int
    propensities: list[float]
    features: dict[str, list[float]]
    degraded: str | None
    reward: float | None
    action: str | None
    reacted_at: datetime | None
    seen_at: datetime | None


async def logged(
    connection: AsyncConnection, since: datetime | None = None
) -> AsyncIterator[LoggedDecision]:
    """Everybody's decisions from `since` on, person by person in the order they were made.

    Deleted people are left out, also while their rows still wait to be purged.
    """
    newest = select(_f.tip_id, func.max(_f.revision).label("revision"))
    last = newest.where(_f.late.is_(False)).group_by(_f.tip_id).subquery()
    outcome = (
        tip_scores.join(users, users.c.id == _t.user_id)
        .outerjoin(last, last.c.tip_id == _t.id)
        .outerjoin(feedback, and_(_f.tip_id == last.c.tip_id, _f.revision == last.c.revision))
    )
    query = (
        select(
            tip_scores,
            users.c.timezone,
            users.c.created_at.label("joined_at"),
            _f.reward,
            _f.action,
            _f.created_at.label("reacted_at"),
        )
        .select_from(outcome)
        .where(users.c.deleted_at.is_(None))
        .order_by(_t.user_id, _t.created_at, _t.id)
    )
    if since is not None:
        query = query.where(_t.created_at >= since)
    async for row in await connection.stream(query):
        yield LoggedDecision(
            id=row.id,
            user_id=row.user_id,
            created_at=row.created_at,
            timezone=row.timezone,
            joined_at=row.joined_at,
            kind=row.kind,
            model=row.model,
            prompt_version=row.prompt_version,
            candidate_ids=row.candidate_ids,
            chosen=row.chosen,
            policy=row.policy,
            policy_version=row.policy_version,
            seed=row.seed,
            state_seq=row.state_seq,
            propensities=row.propensities,
            features=row.features,
            degraded=row.degraded,
            reward=row.reward,
            action=row.action,
            reacted_at=row.reacted_at,
            seen_at=row.seen_at,
        )


class Online(NamedTuple):
    """What a shadow said when the decision was made, knowing `state_seq` reactions."""

    state_seq: int
    propensities: list[float]


async def shadowed(
    connection: AsyncConnection, policy: PolicyRef, since: datetime | None = None
) -> dict[str, Online]:
    """What this version of a policy said as a shadow, by tip, of decisions from `since` on."""
    query = (
        select(_s.tip_id, _s.state_seq, _s.propensities)
        .select_from(shadow_scores.join(tip_scores, _t.id == _s.tip_id))
        .where(_s.policy == policy.name, _s.policy_version == policy.version)
    )
    if since is not None:
        query = query.where(_t.created_at >= since)
    return {
        row.tip_id: Online(row.state_seq, row.propensities)
        async for row in await connection.stream(query)
    }
