"""People by the day on which they came, and how far they have got."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Interval,
    Select,
    case,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.rewards import Action
from oo.store.hourly_tables import daily_arrivals
from oo.store.schema import epoch_of
from oo.store.tables import connections, feedback, tip_scores, users

DAY_S = 86400
STEPS = ("signed_in", "connected", "first_tip", "first_done", "came_back")

_t, _f, _u, _c = tip_scores.c, feedback.c, users.c, connections.c
_d = daily_arrivals.c


def day_number(at: datetime) -> int:
    """The day in which an instant lies, since 1970, in UTC."""
    return int(at.timestamp()) // DAY_S


def day_start(day: int) -> datetime:
    """Its first instant."""
    return datetime.fromtimestamp(day * DAY_S, UTC)


def arrivals_of(dialect: str, since: datetime, until: datetime) -> Select[Any]:
    """Rows of `daily_arrivals`, out of people themselves; each step counts those of the one before.

    Coming back is a tip a day or more after the first day.
    """
    connected = select(_c.source).where(_c.user_id == _u.id).correlate(users).exists()
    tip = select(_t.id).where(_t.user_id == _u.id).correlate(users).exists()
    done = (
        select(_f.tip_id)
        .where(_f.user_id == _u.id, _f.action == Action.DONE)
        .correlate(users)
        .exists()
    )
    first_day: ColumnElement[Any]
    if dialect == "sqlite":
        first_day = func.datetime(_u.created_at, "+1 day")
    else:
        first_day = _u.created_at + literal(timedelta(days=1), Interval())
    day = epoch_of(dialect, _u.created_at) // DAY_S
    again = select(_t.id).where(_t.user_id == _u.id, _t.created_at > first_day)
    came_back = again.correlate(users).exists()
    # once per person, and no further than they got
    step = case((~connected, 0), (~tip, 1), (~done, 2), (~came_back, 3), else_=4)
    far = (
        select(day.label("day"), step.label("step"))
        .where(_u.deleted_at.is_(None), _u.created_at >= since, _u.created_at < until)
        .subquery()
    )
    reached = [func.sum(case((far.c.step >= least, 1), else_=0)) for least in range(len(STEPS))]
    named = [it.label(name) for it, name in zip(reached, STEPS, strict=True)]
    return select(far.c.day, *named).group_by(far.c.day)


async def counted(
    connection: AsyncConnection, day: int, until: datetime
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The row of that day, if there is one, by people who came before then and as it was before."""
    end = min(day_start(day + 1), until)
    query = arrivals_of(connection.dialect.name, day_start(day), end)
    made = [tuple(map(int, row)) for row in await connection.execute(query)]
    kept = select(daily_arrivals).where(_d.day == day)
    return made, [tuple(row) for row in await connection.execute(kept)]


async def replace(connection: AsyncConnection, day: int, made: Sequence[tuple[int, ...]]) -> None:
    """Put what was counted of that day in the place of what there is."""
    await connection.execute(delete(daily_arrivals).where(_d.day == day))
    if made:
        told = [dict(zip(("day", *STEPS), row, strict=True)) for row in made]
        await connection.execute(insert(daily_arrivals), told)


async def forget_before(connection: AsyncConnection, day: int) -> None:
    """Forget days that no page shows any more."""
    await connection.execute(delete(daily_arrivals).where(_d.day < day))
