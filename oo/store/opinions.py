"""What shadows would have picked (`shadow_scores`), one row per decision and shadow."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.decisions import Logged, Online, Opinion
from oo.domain.policies import PolicyRef
from oo.store import decisions
from oo.store.tables import shadow_scores, tip_scores, users
from oo.store.upsert import insert_into

_t, _s = tip_scores.c, shadow_scores.c


async def pending(
    connection: AsyncConnection,
    policy: PolicyRef,
    since: datetime,
    without: Collection[str],
    limit: int,
) -> list[Logged]:
    """Decisions from `since` on that the policy neither made nor spoke of yet, the oldest first.

    None of deleted people, nor of those in `without`.
    """
    spoke = select(_s.tip_id).where(_s.tip_id == _t.id, _s.policy == policy.name)
    made = and_(
        _t.policy == policy.name, _t.policy_version == policy.version, _t.degraded.is_(None)
    )
    query = (
        decisions.LOGGED.join(users, users.c.id == _t.user_id)
        .where(
            users.c.deleted_at.is_(None),
            _t.created_at >= since,
            _t.user_id.not_in(without),
            ~made,
            ~spoke.correlate(tip_scores).exists(),
        )
        .order_by(_t.created_at, _t.id)
        .limit(limit)
    )
    return [decisions.logged(row) for row in await connection.execute(query)]


async def add(connection: AsyncConnection, opinions: Sequence[Opinion]) -> None:
    """Log opinions; one that is there already stays as it is."""
    if opinions:
        await connection.execute(
            insert_into(connection, shadow_scores).on_conflict_do_nothing(
                index_elements=[_s.tip_id, _s.policy]
            ),
            [opinion._asdict() for opinion in opinions],
        )


async def every(connection: AsyncConnection) -> AsyncIterator[Logged]:
    """What every shadow said of every decision, as `decisions.every` gives what was decided."""
    query = (
        select(
            _t.id,
            _t.user_id,
            _t.created_at,
            _s.policy,
            _s.policy_version,
            _t.seed,
            _s.state_seq,
            _t.features,
            _s.chosen,
            _s.propensities,
            _s.scores,
            _t.degraded,
        )
        .select_from(shadow_scores.join(tip_scores, _t.id == _s.tip_id))
        .order_by(_t.user_id, _s.state_seq, _t.id)
    )
    async for row in await connection.stream(query):
        yield decisions.logged(row)


async def of_policy(
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
