"""How complete what is logged is, over everybody."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Period
from oo.store.everyone.counts import step_start
from oo.store.everyone.decisions import reacted
from oo.store.tables import connections, feedback, tip_scores

_t, _f, _c = tip_scores.c, feedback.c, connections.c
DAY_S = 86400


async def sampled_features(
    connection: AsyncConnection, by: AdminRead, period: Period, limit: int
) -> list[dict[str, float]]:
    """The features of what was shown, of the newest decisions of that time."""
    query = (
        select(_t.features, _t.chosen)
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .order_by(_t.created_at.desc())
        .limit(limit)
    )
    return [
        {name: values[row.chosen] for name, values in row.features.items()}
        for row in await connection.execute(query)
    ]


class Day(NamedTuple):
    """One day of decisions, and how many of them have what."""

    start: int
    decisions: int
    seen: int
    reacted: int
    by_model: int
    ranked: int
    with_task: int


async def by_day(
    connection: AsyncConnection, by: AdminRead, period: Period, offset_s: int
) -> list[Day]:
    """Days of that time in which something was served."""
    start = step_start(connection, _t.created_at, DAY_S, offset_s)
    query = (
        select(
            start.label("start"),
            func.count(),
            func.count(_t.seen_at),
            func.count(_f.reward),
            func.sum(case((_t.source != "fallback", 1), else_=0)),
            func.sum(case((_t.degraded.is_(None), 1), else_=0)),
            func.count(_t.task_id),
        )
        .select_from(reacted())
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .group_by("start")
        .order_by("start")
    )
    return [Day(*(int(value or 0) for value in row)) for row in await connection.execute(query)]


class SourceState(NamedTuple):
    """Connections to one source: how many, and how old what they told is."""

    source: str
    people: int
    reconnect: int
    failed: int
    oldest: datetime | None
    newest: datetime | None


async def sources(connection: AsyncConnection, by: AdminRead) -> list[SourceState]:
    """All sources that somebody has connected."""
    at = _c.synced_at
    query = (
        select(
            _c.source,
            func.count(),
            func.sum(case((_c.status == "reconnect", 1), else_=0)),
            func.count(_c.error),
            func.min(at, type_=at.type),
            func.max(at, type_=at.type),
        )
        .group_by(_c.source)
        .order_by(func.count().desc())
    )
    return [
        SourceState(r[0], r[1], int(r[2] or 0), r[3], r[4], r[5])
        for r in await connection.execute(query)
    ]
