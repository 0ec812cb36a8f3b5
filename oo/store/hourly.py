"""Counts by hour: what one is made of, and keeping it as the log of decisions is.

An hour is counted as a whole and put in the place of what was counted of it before. So counting it
twice is harmless, nothing is added up for ever, and who is erased is gone from it. Which hours have
changed is found by the reactions that came lately, and told by whatever else changes old decisions
(`oo.store.hour_notes`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.rewards import Action
from oo.store.everyone.decisions import reacted
from oo.store.everyone.filtering import NONE
from oo.store.hourly_tables import (
    hourly_actions,
    hourly_returns,
    hourly_state,
    hourly_tips,
    hours_to_count,
)
from oo.store.schema import epoch_of
from oo.store.tables import feedback, tip_scores

HOUR = timedelta(hours=1)
HOUR_S = 3600
WEEK_H = 168  # who comes back later than that came anew, for any number that is shown
EVER = datetime(1970, 1, 1, tzinfo=UTC)
MOST_NOTES = 20_000
TABLES: Sequence[Table] = (hourly_tips, hourly_actions, hourly_returns)

_t, _f, _s = tip_scores.c, feedback.c, hourly_state.c
Rows = list[tuple[Any, ...]]


def hour_number(at: datetime) -> int:
    """The hour in which an instant lies, since 1970."""
    return int(at.timestamp()) // HOUR_S


def hour_start(hour: int) -> datetime:
    """Its first instant."""
    return datetime.fromtimestamp(hour * HOUR_S, UTC)


def within(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Whether a decision is of that time."""
    return and_(_t.created_at >= since, _t.created_at < until)


def tips_of(dialect: str, chosen: ColumnElement[bool]) -> Select[Any]:
    """Rows of `hourly_tips`, out of the log itself."""
    told_apart = _t.policy, _t.policy_version, _t.model, _t.prompt_version, _t.kind, _t.source
    hour = _hour_of(dialect, _t.created_at).label("hour")
    wrong = case((~_t.propensity.between(1e-9, 1.0 + 1e-9), 1), else_=0)
    columns: list[ColumnElement[Any]] = [
        hour,
        *told_apart,
        func.count().label("tips"),
        func.count(_t.seen_at).label("seen"),
        func.count(_t.degraded).label("degraded"),
        func.sum(wrong).label("wrong"),
        func.count(_f.reward).label("reacted"),
        _counted(Action.DONE).label("done"),
        _counted(Action.SNOOZE).label("snoozed"),
        _counted(Action.DISMISS).label("dismissed"),
        *_rewards(),
    ]
    return select(*columns).select_from(reacted()).where(chosen).group_by("hour", *told_apart)


def actions_of(dialect: str, chosen: ColumnElement[bool]) -> Select[Any]:
    """Rows of `hourly_actions`, out of the log itself."""
    columns: list[ColumnElement[Any]] = [
        _hour_of(dialect, _t.created_at).label("hour"),
        func.coalesce(_f.action, NONE).label("action"),
        func.count().label("tips"),
        func.count(_t.seen_at).label("seen"),
        *_rewards(),
    ]
    return select(*columns).select_from(reacted()).where(chosen).group_by("hour", "action")


def returns_of(dialect: str, chosen: ColumnElement[bool]) -> Select[Any]:
    """Rows of `hourly_returns`, out of the log itself."""
    other = tip_scores.alias("other")
    o = other.c
    before = (
        select(o.created_at)
        .where(
            o.user_id == _t.user_id,
            o.created_at <= _t.created_at,
            or_(o.created_at < _t.created_at, o.id < _t.id),
        )
        .order_by(o.created_at.desc())
        .limit(1)
        .correlate(tip_scores)
        .scalar_subquery()
    )
    found = (
        select(
            _hour_of(dialect, _t.created_at).label("hour"),
            _hour_of(dialect, before).label("came"),
            func.count().label("tips"),
        )
        .where(chosen)
        .group_by("hour", "came")
        .subquery()
    )
    after = (found.c.hour - found.c.came).label("after")
    return select(found.c.hour, after, found.c.tips).where(
        found.c.came.is_not(None), found.c.hour - found.c.came <= WEEK_H
    )


_MAKE = {hourly_tips: tips_of, hourly_actions: actions_of, hourly_returns: returns_of}


class State(NamedTuple):
    """How far counting is: see `hourly_state`."""

    until: datetime
    until_hour: int
    people_until: datetime
    whole_from: int
    looked_at: datetime
    version: int


async def state(connection: AsyncConnection) -> State | None:
    """How far it is; None if it has not begun."""
    row = (await connection.execute(select(*(_s[name] for name in State._fields)))).first()
    return State(*row) if row else None


async def begin(connection: AsyncConnection, now: datetime) -> State:
    """Begin with the oldest decision."""
    first = select(_t.created_at).order_by(_t.created_at).limit(1)
    begins = (await connection.execute(first)).scalar() or now
    hour = hour_number(min(begins, now))
    begun = State(hour_start(hour), hour, EVER, 0, now, 0)
    await connection.execute(insert(hourly_state).values(id=1, **begun._asdict()))
    return begun


async def advance(connection: AsyncConnection, known: State, **changes: object) -> State | None:
    """Write down how far it is; None, and nothing written, if somebody else has been at it."""
    moved: dict[str, Any] = {"version": known.version + 1, **changes}
    written = await connection.execute(
        update(hourly_state).where(_s.version == known.version).values(**moved)
    )
    return known._replace(**moved) if written.rowcount else None


class Changed(NamedTuple):
    """Hours and arrivals that are to be counted anew, the notes that told of some of them."""

    hours: frozenset[int]
    arrivals: Sequence[datetime]
    notes: Sequence[int]


async def changed(connection: AsyncConnection, since: datetime) -> Changed:
    """What was noted, and the hours of whatever has got a reaction since then."""
    n = hours_to_count.c
    noted = select(n.id, n.at, n.is_arrival).order_by(n.id).limit(MOST_NOTES)
    notes = (await connection.execute(noted)).all()
    hour = _hour_of(connection.dialect.name, _t.created_at).label("hour")
    lately = select(hour).where(_t.id == _f.tip_id, _f.created_at >= since).group_by("hour")
    hours = {int(it) for it in (await connection.execute(lately)).scalars()}
    return Changed(
        frozenset(hours | {hour_number(note.at) for note in notes if not note.is_arrival}),
        [note.at for note in notes if note.is_arrival],
        [note.id for note in notes],
    )


async def oldest(connection: AsyncConnection) -> int | None:
    """The oldest hour that is counted."""
    found = (await connection.execute(select(func.min(hourly_tips.c.hour)))).scalar()
    return None if found is None else int(found)


async def counted(
    connection: AsyncConnection, hours: Sequence[int], until: datetime
) -> dict[Table, tuple[Rows, Rows]]:
    """What these hours hold by the log, up to then, and what was counted of them before."""
    chosen = or_(*(within(hour_start(it), min(hour_start(it + 1), until)) for it in hours))
    found = {}
    for table in TABLES:
        made = _MAKE[table](connection.dialect.name, chosen)
        kept = select(table).where(table.c.hour.in_(hours))
        found[table] = (await _rows(connection, made), await _rows(connection, kept))
    return found


async def replace(
    connection: AsyncConnection, hours: Sequence[int], made: Mapping[Table, Rows]
) -> None:
    """Put what was counted of these hours in the place of what there is."""
    for table, rows in made.items():
        await connection.execute(delete(table).where(table.c.hour.in_(hours)))
        names = [column.name for column in table.columns]
        if rows:
            told = [dict(zip(names, row, strict=True)) for row in rows]
            await connection.execute(insert(table), told)


def _hour_of(dialect: str, at: ColumnElement[Any]) -> ColumnElement[int]:
    return epoch_of(dialect, at) // HOUR_S


def _counted(action: Action) -> ColumnElement[int]:
    return func.sum(case((_f.action == action, 1), else_=0))


def _rewards() -> tuple[ColumnElement[float], ...]:
    return (
        func.coalesce(func.sum(_f.reward), 0.0).label("reward"),
        func.coalesce(func.sum(_f.reward * _f.reward), 0.0).label("squares"),
    )


async def _rows(connection: AsyncConnection, query: Select[Any]) -> Rows:
    found = [tuple(row) for row in await connection.execute(query)]
    return sorted(found)
