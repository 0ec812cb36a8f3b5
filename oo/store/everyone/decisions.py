"""The decision log of everybody: rows without words, and one decision with its reaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period, Slice
from oo.store.everyone.filtering import Columns, filtered, sliced
from oo.store.tables import feedback, shadow_scores, tip_scores, users

_t, _f, _u = tip_scores.c, feedback.c, users.c
COUNTED = 1_000  # beyond it a count says "more than"

COLUMNS: Columns = {
    "created_at": _t.created_at,
    "user": _t.user_id,
    "kind": _t.kind,
    "source": _t.source,
    "policy": _t.policy,
    "version": _t.policy_version,
    "activity": _t.activity,
    "language": _t.language,
    "model": _t.model,
    "prompt": _t.prompt_version,
    "propensity": _t.propensity,
    "confidence": _t.confidence,
    "latency_ms": _t.latency_ms,
    "degraded": _t.degraded,
    "seen_at": _t.seen_at,
    "action": _f.action,
    "reward": _f.reward,
    "dwell_ms": _f.dwell_ms,
}
OF_REACTION = frozenset({"action", "reward", "dwell_ms"})


class DecisionRow(NamedTuple):
    """A decision without its words; the reaction is the last one that was learnt."""

    id: str
    user_id: str
    email: str
    created_at: datetime
    kind: str
    source: str
    policy: str
    policy_version: str
    model: str
    prompt_version: str
    confidence: float
    propensity: float
    candidates: int
    latency_ms: float
    degraded: str | None
    seen_at: datetime | None
    action: str | None
    reward: float | None
    dwell_ms: int | None


class Found(NamedTuple):
    """Rows of a page, and whether there are more behind them."""

    rows: list[DecisionRow]
    more: bool


def reacted() -> Any:
    """Decisions with the last reaction that was learnt of each."""
    later = feedback.alias("later")
    newer = select(later.c.revision).where(
        later.c.tip_id == _f.tip_id, later.c.late.is_(False), later.c.revision > _f.revision
    )
    return tip_scores.outerjoin(
        feedback,
        and_(_f.tip_id == _t.id, _f.late.is_(False), ~newer.correlate(feedback).exists()),
    )


async def page(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    rows: Slice,
) -> Found:
    """Decisions of that time, those of erased people too as long as they are there."""
    query = _within(_rows(), period)
    query = sliced(filtered(query, COLUMNS, filters), COLUMNS, rows, _t.id)
    found = [_row(row) for row in await connection.execute(query)]
    return Found(found[: rows.limit], len(found) > rows.limit)


async def count(
    connection: AsyncConnection, by: AdminRead, period: Period, filters: Mapping[str, Choice]
) -> int:
    """How many there are, `COUNTED` and one at most."""
    joined = reacted() if OF_REACTION & filters.keys() else tip_scores
    query = filtered(_within(select(_t.id).select_from(joined), period), COLUMNS, filters)
    counted = select(func.count()).select_from(query.limit(COUNTED + 1).subquery())
    return int((await connection.execute(counted)).scalar_one())


async def find(connection: AsyncConnection, by: AdminRead, tip_id: str) -> DecisionRow | None:
    """One decision."""
    row = (await connection.execute(_rows().where(_t.id == tip_id))).first()
    return _row(row) if row else None


class Details(NamedTuple):
    """What was weighed: one entry per candidate; `features` by name."""

    candidate_ids: list[str]
    chosen: int
    scores: list[float]
    propensities: list[float]
    features: dict[str, list[float]]
    seed: int
    state_seq: int
    task_id: str | None


async def details(connection: AsyncConnection, by: AdminRead, tip_id: str) -> Details | None:
    """What was weighed for one decision."""
    query = select(
        _t.candidate_ids,
        _t.chosen,
        _t.scores,
        _t.propensities,
        _t.features,
        _t.seed,
        _t.state_seq,
        _t.task_id,
    ).where(_t.id == tip_id)
    row = (await connection.execute(query)).first()
    return Details(*row) if row else None


class ShadowRow(NamedTuple):
    """What a shadow would have picked out of the same candidates."""

    policy: str
    policy_version: str
    chosen: int
    propensities: list[float]
    scores: list[float]


async def shadows(connection: AsyncConnection, by: AdminRead, tip_id: str) -> list[ShadowRow]:
    """What the shadows said of one decision."""
    s = shadow_scores.c
    query = select(s.policy, s.policy_version, s.chosen, s.propensities, s.scores).where(
        s.tip_id == tip_id
    )
    return [ShadowRow(*row) for row in await connection.execute(query.order_by(s.policy))]


async def beside(
    connection: AsyncConnection, by: AdminRead, user_id: str, at: datetime
) -> tuple[str | None, str | None]:
    """The person's decisions just before and just after that instant."""
    mine = select(_t.id).where(_t.user_id == user_id)
    before = mine.where(_t.created_at < at).order_by(_t.created_at.desc()).limit(1)
    after = mine.where(_t.created_at > at).order_by(_t.created_at).limit(1)
    return (
        (await connection.execute(before)).scalar_one_or_none(),
        (await connection.execute(after)).scalar_one_or_none(),
    )


def _rows() -> Select[Any]:
    return select(
        _t.id,
        _t.user_id,
        _u.email,
        _t.created_at,
        _t.kind,
        _t.source,
        _t.policy,
        _t.policy_version,
        _t.model,
        _t.prompt_version,
        _t.confidence,
        _t.propensity,
        _t.candidate_ids,
        _t.latency_ms,
        _t.degraded,
        _t.seen_at,
        _f.action,
        _f.reward,
        _f.dwell_ms,
    ).select_from(reacted().outerjoin(users, _u.id == _t.user_id))


def _within(query: Select[Any], period: Period) -> Select[Any]:
    return query.where(_t.created_at >= period.since, _t.created_at < period.until)


def _row(row: Any) -> DecisionRow:
    values = {**row._mapping, "candidates": len(row.candidate_ids)}
    return DecisionRow(**{name: values[name] for name in DecisionRow._fields})
