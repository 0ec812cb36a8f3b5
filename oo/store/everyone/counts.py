"""Counts over everybody: who was here, what was served, what came of it, and how far people get."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period
from oo.domain.rewards import Action
from oo.store.everyone.decisions import COLUMNS, reacted
from oo.store.everyone.filtering import NONE, filtered
from oo.store.tables import connections, feedback, tip_scores, users

_t, _f, _u, _c = tip_scores.c, feedback.c, users.c, connections.c


class Served(NamedTuple):
    """What was served in a period, and to how many people."""

    tips: int
    people: int
    seen: int
    fallbacks: int
    degraded: int
    latency_ms: float


async def served(connection: AsyncConnection, by: AdminRead, period: Period) -> Served:
    """One pass over the decisions of that time."""
    query = select(
        func.count(),
        func.count(func.distinct(_t.user_id)),
        func.count(_t.seen_at),
        func.sum(case((_t.source == "fallback", 1), else_=0)),
        func.count(_t.degraded),
        func.avg(_t.latency_ms),
    ).where(_t.created_at >= period.since, _t.created_at < period.until)
    row = (await connection.execute(query)).one()
    return Served(row[0], row[1], row[2], int(row[3] or 0), row[4], float(row[5] or 0.0))


async def people_since(connection: AsyncConnection, by: AdminRead, period: Period) -> int:
    """How many people got a tip in that time."""
    query = select(func.count(func.distinct(_t.user_id))).where(
        _t.created_at >= period.since, _t.created_at < period.until
    )
    return int((await connection.execute(query)).scalar_one())


async def reactions(
    connection: AsyncConnection, by: AdminRead, period: Period
) -> dict[str, tuple[int, float]]:
    """How many reactions of each kind came in that time, and the sum of their rewards."""
    query = (
        select(_f.action, func.count(), func.sum(_f.reward))
        .where(_f.created_at >= period.since, _f.created_at < period.until, _f.late.is_(False))
        .group_by(_f.action)
    )
    found = await connection.execute(query)
    return {action: (count, float(total or 0.0)) for action, count, total in found}


class Point(NamedTuple):
    """One step of time: `start` in seconds since 1970; `squares` is the sum of squared rewards."""

    start: int
    tips: int
    people: int
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
            func.count(func.distinct(_t.user_id)).label("people"),
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
    return [
        Point(int(r[0]), r[1], r[2], r[3], int(r[4]), int(r[5]), float(r[6]), float(r[7]))
        for r in await connection.execute(query)
    ]


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


def _group(value: str, row: Sequence[Any]) -> Group:
    _, tips, seen, reacted, done, snoozed, dismissed, reward, squares = row
    came = int(done), int(snoozed), int(dismissed)
    return Group(value, tips, seen, reacted, *came, float(reward), float(squares))


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
        .limit(100)
    )
    return [
        _group(NONE if r[0] is None else str(r[0]), r)
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
        _group(f"{int(r[0]) // 3600:02d}:00", r)
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
    """People who came in that time. Coming back is a tip a day or more after the first day."""
    connected = select(_c.source).where(_c.user_id == _u.id).correlate(users).exists()
    tip = select(_t.id).where(_t.user_id == _u.id).correlate(users).exists()
    done = (
        select(_f.tip_id)
        .where(_f.user_id == _u.id, _f.action == Action.DONE)
        .correlate(users)
        .exists()
    )
    first_day = (
        func.datetime(_u.created_at, "+1 day")
        if connection.dialect.name == "sqlite"
        else _u.created_at + timedelta(days=1)
    )
    again = select(_t.id).where(_t.user_id == _u.id, _t.created_at > first_day)
    came_back = again.correlate(users).exists()
    # once per person, and no further than they got
    step = case((~connected, 0), (~tip, 1), (~done, 2), (~came_back, 3), else_=4)
    far = (
        select(step.label("step"))
        .where(_u.deleted_at.is_(None), _u.created_at >= period.since, _u.created_at < period.until)
        .subquery()
    )
    query = select(
        func.count(), *(func.sum(case((far.c.step >= least, 1), else_=0)) for least in range(1, 5))
    )
    row = (await connection.execute(query)).one()
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
    )
    row = (await connection.execute(query)).one()
    return Troubles(int(row[0] or 0), int(row[1] or 0))


async def propensities(
    connection: AsyncConnection, by: AdminRead, period: Period
) -> tuple[int, int]:
    """How many decisions have a propensity of 0 or above 1, which none may have, of how many."""
    wrong = case((~_t.propensity.between(1e-9, 1.0 + 1e-9), 1), else_=0)
    query = select(func.sum(wrong), func.count()).where(
        _t.created_at >= period.since, _t.created_at < period.until
    )
    row = (await connection.execute(query)).one()
    return int(row[0] or 0), int(row[1])


def _counted(action: Action) -> Any:
    return func.sum(case((_f.action == action, 1), else_=0))


def step_start(connection: AsyncConnection, at: Any, step: int, offset_s: int) -> Any:
    """The beginning of the step in which an instant lies, in seconds since 1970."""
    if connection.dialect.name == "sqlite":
        seconds = cast(func.strftime("%s", at), BigInteger)
    else:
        seconds = cast(func.floor(func.extract("epoch", at)), BigInteger)
    moved = seconds + offset_s
    return moved - moved % step - offset_s
