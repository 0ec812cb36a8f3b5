"""The counts of :mod:`oo.store.everyone.counts`, out of what is counted by hour already.

The hours that are not counted yet, and what of an hour the period cuts off, come out of the log
itself, in the same statement. So these cost the same however many decisions there are. What cannot
be answered so (`is_by_hour`) is counted in the log. Steps begin at full hours of UTC: where a zone
is half an hour off, they begin that much earlier.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Table, case, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period
from oo.domain.rewards import Action
from oo.store import hourly
from oo.store.daily import STEPS, arrivals_of, day_number, day_start
from oo.store.everyone import counts
from oo.store.everyone.counts import (
    FALLBACK,
    Funnel,
    Group,
    Point,
    Served,
    group_of,
    point_of,
    step_of,
)
from oo.store.everyone.filtering import NONE, Columns, filtered
from oo.store.hourly import HOUR_S, hour_number, hour_start, within
from oo.store.hourly_tables import daily_arrivals, hourly_actions, hourly_returns, hourly_tips

DIMENSIONS: Mapping[str, str] = {
    "policy": "policy",
    "version": "policy_version",
    "model": "model",
    "prompt": "prompt_version",
    "kind": "kind",
    "source": "source",
}
SHORT = timedelta(hours=3)  # the log itself has little of such a time

Make = Callable[[str, ColumnElement[bool]], Select[Any]]


class _Hours:
    """The hours of a period that are counted already, and the edges around them that are not.

    Of the newest hour that is counted, a part may be; the edge begins where that ends.
    """

    def __init__(self, period: Period, known: hourly.State, dialect: str) -> None:
        self.dialect = dialect
        self.first = hour_number(period.since - timedelta(microseconds=1)) + 1
        self.whole_from = known.whole_from
        if period.until < known.until:
            self.end = hour_number(period.until)
            counted = hour_start(self.end)
        else:
            self.end = hour_number(known.until) + 1
            counted = known.until
        self.is_any = hour_start(self.first) < counted
        edges = ((period.since, hour_start(self.first)), (counted, period.until))
        self.edges = [within(since, until) for since, until in edges if since < until]

    def rows(self, table: Table, make: Make) -> FromClause:
        """Rows of the table, of every hour of the period, made of the log where it lacks them."""
        counted = select(table).where(table.c.hour >= self.first, table.c.hour < self.end)
        if not self.edges:
            return counted.subquery()
        return union_all(counted, make(self.dialect, or_(*self.edges))).subquery()

    def tips(self, *, told_apart: bool) -> Any:
        """Columns of tips and what came of them, of every hour, and of each kind if `told_apart`.

        There are few reactions and many kinds: without them a tenth of the rows is read.
        """
        if told_apart:
            return self.rows(hourly_tips, hourly.tips_of).c
        c = self.rows(hourly_actions, hourly.actions_of).c
        came = (case((given, c.tips), else_=0).label(name) for name, given in _gestures(c).items())
        return select(c.hour, c.tips, c.seen, *came, c.reward, c.squares).subquery().c


async def _hours(connection: AsyncConnection, by: AdminRead, period: Period) -> _Hours | None:
    """None where the log is to be asked: nothing of that time is counted, or it is short."""
    known = await hourly.state(connection) if period.until - period.since > SHORT else None
    hours = known and _Hours(period, known, connection.dialect.name)
    return hours if hours and hours.is_any else None


def is_by_hour(filters: Mapping[str, Choice], column: str = "") -> bool:
    """Whether counts by hour can tell these tips apart, by that column."""
    named = filters.keys() | {column} - {""}
    return named <= DIMENSIONS.keys() or (column == "action" and not filters)


async def served(connection: AsyncConnection, by: AdminRead, period: Period) -> Served:
    """As :func:`counts.served`."""
    hours = await _hours(connection, by, period)
    if hours is None:
        return await counts.served(connection, by, period)
    c = hours.rows(hourly_tips, hourly.tips_of).c
    fallbacks = case((c.source == FALLBACK, c.tips), else_=0)
    query = select(*(func.sum(it) for it in (c.tips, fallbacks, c.degraded, c.wrong)))
    return Served(*(int(value or 0) for value in (await connection.execute(query)).one()))


async def people(connection: AsyncConnection, by: AdminRead, period: Period) -> int:
    """As :func:`counts.people`, from the full hour on in which the period begins."""
    period = _from_full_hour(period)
    hours = await _hours(connection, by, period)
    if hours is None:
        return await counts.people(connection, by, period)
    first = max(hour_number(period.since), hours.whole_from)
    tips = hours.tips(told_apart=False)
    again = hours.rows(hourly_returns, hourly.returns_of).c
    all_tips = select(func.coalesce(func.sum(tips.tips), 0)).where(tips.hour >= first)
    repeated = select(func.coalesce(func.sum(again.tips), 0)).where(
        again.hour - again.after >= first
    )
    query = select(all_tips.scalar_subquery() - repeated.scalar_subquery())
    return int((await connection.execute(query)).scalar_one())


async def people_over_time(
    connection: AsyncConnection, by: AdminRead, period: Period, offset_s: int = 0
) -> dict[int, int]:
    """As :func:`counts.people_over_time`, from the full hour on in which the period begins."""
    step, period = step_of(period), _from_full_hour(period)
    hours = await _hours(connection, by, period)
    if hours is None:
        return await counts.people_over_time(connection, by, period, offset_s)
    first = max(hour_number(period.since), hours.whole_from)
    tips = hours.tips(told_apart=False)
    again = hours.rows(hourly_returns, hourly.returns_of).c
    # whoever was there before in the same step is counted once
    before = again.hour - again.after
    begun = _start(again.hour, step, offset_s)
    start, start_again = _start(tips.hour, step, offset_s).label("start"), begun.label("start")
    total = select(start, func.sum(tips.tips)).where(tips.hour >= first).group_by("start")
    repeated = (
        select(start_again, func.sum(again.tips))
        .where(before >= first, before * HOUR_S >= begun)
        .group_by("start")
    )
    found = {int(row[0]): int(row[1]) for row in await connection.execute(total)}
    for row in await connection.execute(repeated):
        found[int(row[0])] -= int(row[1])
    return dict(sorted(found.items()))


async def over_time(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    offset_s: int = 0,
) -> list[Point]:
    """As :func:`counts.over_time`."""
    hours = await _hours(connection, by, period) if is_by_hour(filters) else None
    if hours is None:
        return await counts.over_time(connection, by, period, filters, offset_s)
    c = hours.tips(told_apart=bool(filters))
    start = _start(c.hour, step_of(period), offset_s).label("start")
    sums = (c.tips, c.reacted, c.done, c.dismissed, c.reward, c.squares)
    query = select(start, *(func.sum(it) for it in sums)).group_by("start").order_by("start")
    found = await connection.execute(filtered(query, _columns(c), filters))
    return [point_of(row) for row in found]


async def tips_by_hour(
    connection: AsyncConnection, by: AdminRead, period: Period, filters: Mapping[str, Choice]
) -> dict[int, int] | None:
    """How many tips pass the filters, by the hour; None where the counts cannot tell."""
    hours = await _hours(connection, by, period) if is_by_hour(filters) else None
    if hours is None:
        return None
    c = hours.rows(hourly_tips, hourly.tips_of).c
    query = filtered(select(c.hour, func.sum(c.tips)), _columns(c), filters).group_by(c.hour)
    return {int(row[0]): int(row[1]) for row in await connection.execute(query)}


async def grouped(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    column: str,
) -> list[Group]:
    """As :func:`counts.grouped`."""
    hours = await _hours(connection, by, period) if is_by_hour(filters, column) else None
    if hours is None:
        return await counts.grouped(connection, by, period, filters, column)
    if column == "action":
        return await _by_action(connection, by, hours)
    c = hours.rows(hourly_tips, hourly.tips_of).c
    value = _columns(c)[column].label("value")
    query = select(value, *_what_came(c)).group_by(value).order_by(func.sum(c.tips).desc())
    query = filtered(query, _columns(c), filters).limit(counts.MOST_GROUPS)
    return [group_of(str(row[0]), row) for row in await connection.execute(query)]


async def _by_action(connection: AsyncConnection, by: AdminRead, hours: _Hours) -> list[Group]:
    c = hours.rows(hourly_actions, hourly.actions_of).c
    came = (func.sum(case((given, c.tips), else_=0)) for given in _gestures(c).values())
    query = (
        select(c.action, func.sum(c.tips), func.sum(c.seen), *came, *_rewards(c))
        .group_by(c.action)
        .order_by(func.sum(c.tips).desc())
    )
    return [group_of(row[0], row) for row in await connection.execute(query)]


async def by_hour(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    offset_s: int,
) -> list[Group]:
    """As :func:`counts.by_hour`."""
    hours = await _hours(connection, by, period) if is_by_hour(filters) else None
    if hours is None:
        return await counts.by_hour(connection, by, period, filters, offset_s)
    c = hours.tips(told_apart=bool(filters))
    hour = ((c.hour + offset_s // HOUR_S) % 24).label("of_day")
    query = select(hour, *_what_came(c)).group_by("of_day").order_by("of_day")
    return [
        group_of(f"{int(row[0]):02d}:00", row)
        for row in await connection.execute(filtered(query, _columns(c), filters))
    ]


async def funnel(connection: AsyncConnection, by: AdminRead, period: Period) -> Funnel:
    """As :func:`counts.funnel`, from the midnight on that the period begins after, in UTC."""
    first = day_number(period.since)
    known = await hourly.state(connection)
    if known is None or not day_start(first) < known.people_until <= period.until:
        period = Period(day_start(first), period.until)
        return await counts.funnel(connection, by, period)
    counted = select(daily_arrivals).where(daily_arrivals.c.day >= first)
    lately = arrivals_of(connection.dialect.name, known.people_until, period.until)
    days = union_all(counted, lately).subquery()
    row = (await connection.execute(select(*(func.sum(days.c[name]) for name in STEPS)))).one()
    return Funnel(*(int(value or 0) for value in row))


def _from_full_hour(period: Period) -> Period:
    return Period(hour_start(hour_number(period.since)), period.until)


def _columns(c: Any) -> Columns:
    return {name: c[column] for name, column in DIMENSIONS.items() if column in c}


def _start(hour: ColumnElement[int], step: int, offset_s: int) -> ColumnElement[int]:
    """The beginning of the step in which an hour lies, in seconds since 1970."""
    moved = hour * HOUR_S + offset_s // HOUR_S * HOUR_S
    return hour * HOUR_S - moved % step


def _what_came(c: Any) -> list[ColumnElement[Any]]:
    sums = (c.tips, c.seen, c.reacted, c.done, c.snoozed, c.dismissed)
    return [*(func.sum(it) for it in sums), *_rewards(c)]


def _gestures(c: Any) -> dict[str, ColumnElement[bool]]:
    """Which rows of `hourly_actions` are of tips with any reaction, and with each gesture."""
    return {
        "reacted": c.action != NONE,
        "done": c.action == Action.DONE,
        "snoozed": c.action == Action.SNOOZE,
        "dismissed": c.action == Action.DISMISS,
    }


def _rewards(c: Any) -> tuple[ColumnElement[Any], ...]:
    return func.sum(c.reward), func.sum(c.squares)
