"""Decisions as they are read from the log: to be made again, explained and checked."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.policies import PolicyRef
from oo.store.tables import shadow_scores, tip_scores


class Logged(NamedTuple):
    """The part of a decision that making it again needs, and what it came to."""

    id: str
    user_id: str
    created_at: datetime
    content: str
    policy: PolicyRef
    seed: int
    state_seq: int
    features: dict[str, list[float]]
    chosen: int
    propensities: list[float]
    scores: list[float]
    degraded: str | None


_LOGGED = select(
    tip_scores.c.id,
    tip_scores.c.user_id,
    tip_scores.c.created_at,
    tip_scores.c.content,
    tip_scores.c.policy,
    tip_scores.c.policy_version,
    tip_scores.c.seed,
    tip_scores.c.state_seq,
    tip_scores.c.features,
    tip_scores.c.chosen,
    tip_scores.c.propensities,
    tip_scores.c.scores,
    tip_scores.c.degraded,
)


def _logged(row: Any) -> Logged:
    return Logged(
        row.id,
        row.user_id,
        row.created_at,
        row.content,
        PolicyRef(row.policy, row.policy_version),
        row.seed,
        row.state_seq,
        row.features,
        row.chosen,
        row.propensities,
        row.scores,
        row.degraded,
    )


async def every(connection: AsyncConnection) -> AsyncIterator[Logged]:
    """All decisions, person by person in the order of `state_seq`, for the operator's check."""
    t = tip_scores.c
    async for row in await connection.stream(_LOGGED.order_by(t.user_id, t.state_seq, t.id)):
        yield _logged(row)


async def latest(connection: AsyncConnection, user_id: str) -> str | None:
    """The id of the person's newest tip."""
    t = tip_scores.c
    query = select(t.id).where(t.user_id == user_id).order_by(t.created_at.desc(), t.id.desc())
    return (await connection.execute(query.limit(1))).scalar_one_or_none()


async def every_opinion(connection: AsyncConnection) -> AsyncIterator[Logged]:
    """What every shadow said of every decision, as `every` gives what was decided."""
    t, s = tip_scores.c, shadow_scores.c
    query = (
        select(
            t.id,
            t.user_id,
            t.created_at,
            t.content,
            s.policy,
            s.policy_version,
            t.seed,
            s.state_seq,
            t.features,
            s.chosen,
            s.propensities,
            s.scores,
            t.degraded,
        )
        .select_from(shadow_scores.join(tip_scores, t.id == s.tip_id))
        .order_by(t.user_id, s.state_seq, t.id)
    )
    async for row in await connection.stream(query):
        yield _logged(row)


async def find(
    connection: AsyncConnection, tip_id: str, user_id: str | None = None
) -> Logged | None:
    """One decision; with `user_id`, only if it is that person's."""
    query = _LOGGED.where(tip_scores.c.id == tip_id)
    if user_id is not None:
        query = query.where(tip_scores.c.user_id == user_id)
    row = (await connection.execute(query)).first()
    return _logged(row) if row else None
