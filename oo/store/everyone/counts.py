"""Counts over everybody: who was here, what was served, what came of it, and how far people get."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period
from oo.domain.rewards import Action
from oo.store.daily import STEPS, arrivals_of
from oo.store.everyone.decisions import COLUMNS, reacted
from oo.store.everyone.filtering import NONE, filtered
from oo.store.schema import epoch_of
from oo.store.tables import connections, feedback, in_trouble, tip_scores

MOST_GROUPS = 100
FALLBACK = "fallback"  # the source of tips that no model wrote

_t, _f, _c = tip_scores.c, feedback.c, connections.c


class Served(NamedTuple):
    """What was served in a period; `wrong` ones have a propensity of 0 or above 1."""

    tips: int
    fallbacks: int
    degraded: int
    wrong: int


async def served(connection: AsyncConnection, by: AdminRead, period: Period) -> Served:
    """One pass over the decisions of that time."""
    query = select(
        func.count(),
        func.sum(case((_t.source == FALLBACK, 1), else_=0)),
        func.count(_t.degraded),
        func.sum(case((~_t.propensity.between(1e-9, 1.0 + 1e-9), 1), else_=0)),
    ).where(_t.created_at >= period.since, _t.created_at < period.until)
    row = (await connection.execute(query)).one()
    return Served(*(int(value or 0) for value in row))


async def people(connection: AsyncConnection, by: AdminRead, period: Period) -> int:
    """How many people got a tip in that time."""
    query = select(func.count(func.distinct(_t.user_id))).where(
        _t.created_at >= period.since, _t.created_at < period.until
    )
    return int((await connection.execute(query)).scalar_one())


class Point(NamedTuple):
    """One step of time: `start` in seconds since 1970; `squares` is the sum of squared rewards."""

    start: int
    tips: int
    reacted: int
    done: int
    dismissed: int
    reward: float
    squares: float


def step_of(period: Period) -> int:
    """Seconds per step, so that a chart has 24 to 60 of them."""
    length = (period.until - period.since) / timedelta(hours=1)
    return 3600 if length <= 48 else 4 * 3600 if length <= 200 else 86400


async def over_time(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    offset_s: int = 0,
) -> list[Point]:
    """Tips by when they were served, and what came of them; steps in which none was are left out.

    `offset_s` moves the steps to whoever's midnight.
    """
    step = step_of(period)
    start = step_start(connection, _t.created_at, step, offset_s)
    query = (
        select(
            start.label("start"),
            func.count().label("tips"),
            func.count(_f.reward).label("reacted"),
            _counted(Action.DONE).label("done"),
            _counted(Action.DISMISS).label("dismissed"),
            func.coalesce(func.sum(_f.reward), 0.0).label("reward"),
            func.coalesce(func.sum(_f.reward * _f.reward), 0.0).label("squares"),
        )
        .select_from(reacted())
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .group_by("start")
        .order_by("start")
    )
    query = filtered(query, COLUMNS, filters)
    return [point_of(row) for row in await connection.execute(query)]


def point_of(row: Sequence[Any]) -> Point:
    """A step of a row with what `Point` has."""
    start, tips, reacted, done, dismissed = (int(it) for it in row[:5])
    return Point(start, tips, reacted, done, dismissed, float(row[5]), float(row[6]))


async def people_over_time(
    connection: AsyncConnection, by: AdminRead, period: Period, offset_s: int = 0
) -> dict[int, int]:
    """How many people got a tip, by the start of the step: see :func:`over_time`."""
    start = step_start(connection, _t.created_at, step_of(period), offset_s)
    query = (
        select(start.label("start"), func.count(func.distinct(_t.user_id)))
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .group_by("start")
        .order_by("start")
    )
    return {int(row[0]): row[1] for row in await connection.execute(query)}


class Group(NamedTuple):
    """Tips that have something in common, and what came of them."""

    value: str
    tips: int
    seen: int
    reacted: int
    done: int
    snoozed: int
    dismissed: int
    reward: float
    squares: float


def _what_came() -> tuple[ColumnElement[Any], ...]:
    """The columns of a group behind its value."""
    return (
        func.count(),
        func.count(_t.seen_at),
        func.count(_f.reward),
        _counted(Action.DONE),
        _counted(Action.SNOOZE),
        _counted(Action.DISMISS),
        func.coalesce(func.sum(_f.reward), 0.0),
        func.coalesce(func.sum(_f.reward * _f.reward), 0.0),
    )


def group_of(value: str, row: Sequence[Any]) -> Group:
    """A group of a row with its value and what `Group` has behind it."""
    # PostgreSQL's sums of sums are decimals
    tips, seen, reacted, done, snoozed, dismissed = (int(it) for it in row[1:7])
    came = reacted, done, snoozed, dismissed
    return Group(value, tips, seen, *came, float(row[7]), float(row[8]))


async def grouped(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    column: str,
) -> list[Group]:
    """Tips of that time by a column of the log, the largest group first."""
    value = COLUMNS[column]
    query = (
        select(
            value.label("value"),
            *_what_came(),
        )
        .select_from(reacted())
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .group_by(value)
        .order_by(func.count().desc())
        .limit(MOST_GROUPS)
    )
    return [
        group_of(NONE if r[0] is None else str(r[0]), r)
        for r in await connection.execute(filtered(query, COLUMNS, filters))
    ]


async def by_hour(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    offset_s: int,
) -> list[Group]:
    """Tips of that time by the hour of the day, in the zone that is `offset_s` ahead of UTC."""
    start = step_start(connection, _t.created_at, 3600, offset_s)
    second = (start + offset_s) % 86400
    query = (
        select(
            second.label("second"),
            *_what_came(),
        )
        .select_from(reacted())
        .where(_t.created_at >= period.since, _t.created_at < period.until)
        .group_by("second")
        .order_by("second")
    )
    return [
        group_of(f"{int(r[0]) // 3600:02d}:00", r)
        for r in await connection.execute(filtered(query, COLUMNS, filters))
    ]


class Funnel(NamedTuple):
    """How far people get who came in that time; each step counts those of the step before."""

    signed_in: int
    connected: int
    first_tip: int
    first_done: int
    came_back: int


async def funnel(connection: AsyncConnection, by: AdminRead, period: Period) -> Funnel:
    """People who came in that time: see `oo.store.daily`."""
    days = arrivals_of(connection.dialect.name, period.since, period.until).subquery()
    row = (await connection.execute(select(*(func.sum(days.c[name]) for name in STEPS)))).one()
    return Funnel(*(int(value or 0) for value in row))


class Troubles(NamedTuple):
    """What of people's sources wants attention."""

    to_reconnect: int
    failed: int


async def troubles(connection: AsyncConnection, by: AdminRead) -> Troubles:
    """Connections that wait for their person, and those that failed the last time."""
    query = select(
        func.sum(case((_c.status == "reconnect", 1), else_=0)),
        func.sum(case((_c.error.is_not(None), 1), else_=0)),
    ).where(in_trouble)
    row = (await connection.execute(query)).one()
    return Troubles(int(row[0] or 0), int(row[1] or 0))


def _counted(action: Action) -> Any:
    return func.sum(case((_f.action == action, 1), else_=0))


def step_start(connection: AsyncConnection, at: Any, step: int, offset_s: int) -> Any:
    """The beginning of the step in which an instant lies, in seconds since 1970."""
    moved = epoch_of(connection.dialect.name, at) + offset_s
    return moved - moved % step - offset_s
