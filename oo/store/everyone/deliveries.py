"""Everybody's deliveries: what was sent to which device, why then, what came of it; no words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period, Slice
from oo.domain.deliveries import Outcome
from oo.domain.interruptions import SPEAK, PushOutcome
from oo.store.everyone.filtering import NONE, Columns, filtered, sliced
from oo.store.tables import (
    deliveries,
    delivery_decisions,
    delivery_outcomes,
    devices,
    feedback,
    sendings,
    users,
)

_v, _s, _d = deliveries.c, sendings.c, devices.c
_o, _k, _f, _u = delivery_outcomes.c, delivery_decisions.c, feedback.c, users.c


def _has(outcome: Outcome) -> ColumnElement[bool]:
    there = select(_o.outcome).where(
        _o.delivery_id == _s.delivery_id, _o.device_id == _s.device_id, _o.outcome == outcome
    )
    return there.correlate(sendings).exists()


# how far a sending got; what a device says of it counts for more than what its service did
STATE: ColumnElement[str] = case(
    (_has(Outcome.OPENED), literal(str(Outcome.OPENED))),
    (_has(Outcome.SHOWN), literal(str(Outcome.SHOWN))),
    (_s.sent_at.is_not(None), literal(str(Outcome.SENT))),
    (_has(Outcome.EXPIRED), literal(str(Outcome.EXPIRED))),
    (_has(Outcome.REFUSED), literal(str(Outcome.REFUSED))),
    else_=literal("waits"),
)
_DETAIL = (
    select(func.max(_o.detail))
    .where(_o.delivery_id == _s.delivery_id, _o.device_id == _s.device_id, _o.detail != "")
    .correlate(sendings)
    .scalar_subquery()
)
COLUMNS: Columns = {
    "created_at": _s.created_at,
    "user": _s.user_id,
    "channel": _d.channel,
    "outcome": STATE,
    "moment": _k.moment,
    "policy": _k.policy,
    "came": _k.outcome,
    "attempts": _s.attempts,
    "sent_at": _s.sent_at,
}


class SendingRow(NamedTuple):
    """One delivery to one device; `propensity` is that of speaking then, `came` what came of it.

    `channel` is None where the device has ended since, and what is decided is where nobody decided:
    the person's own test, or a mail that was asked for.
    """

    delivery_id: str
    device_id: str
    user_id: str
    email: str | None
    created_at: datetime
    sent_at: datetime | None
    channel: str | None
    outcome: str
    detail: str | None
    attempts: int
    tip_id: str
    moment: str | None
    policy: str | None
    propensities: list[float] | None
    came: str | None
    action: str | None

    @property
    def latency_ms(self) -> float | None:
        """From when the sending was due to when the device's service took it."""
        if self.sent_at is None:
            return None
        return (self.sent_at - self.created_at).total_seconds() * 1000

    @property
    def propensity(self) -> float | None:
        """The probability with which the policy spoke at that moment."""
        return self.propensities[SPEAK] if self.propensities else None


class Found(NamedTuple):
    """Rows of a page, and whether there are more behind them."""

    rows: list[SendingRow]
    more: bool


def _all() -> Any:
    """Sendings with their deliveries, devices and decisions."""
    return (
        sendings.join(deliveries, and_(_v.id == _s.delivery_id, _v.user_id == _s.user_id))
        .outerjoin(devices, and_(_d.id == _s.device_id, _d.user_id == _s.user_id))
        .outerjoin(delivery_decisions, and_(_k.user_id == _v.user_id, _k.delivery_id == _v.id))
    )


def _within(query: Select[Any], period: Period) -> Select[Any]:
    """Of that time, without the tests that people have sent to themselves."""
    return query.where(
        _s.created_at >= period.since, _s.created_at < period.until, _v.only_device.is_(None)
    )


async def page(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    rows: Slice,
) -> Found:
    """Sendings of that time, with the newest reaction to their tips."""
    later = feedback.alias("later")
    newer = select(later.c.revision).where(
        later.c.tip_id == _f.tip_id, later.c.late.is_(False), later.c.revision > _f.revision
    )
    learnt = and_(_f.tip_id == _v.tip_id, _f.late.is_(False), ~newer.correlate(feedback).exists())
    query: Select[Any] = select(
        _s.delivery_id,
        _s.device_id,
        _s.user_id,
        _u.email,
        _s.created_at,
        _s.sent_at,
        _d.channel,
        STATE.label("state"),
        _DETAIL.label("detail"),
        _s.attempts,
        _v.tip_id,
        _k.moment,
        _k.policy,
        _k.propensities,
        _k.outcome,
        _f.action,
    ).select_from(_all().outerjoin(feedback, learnt).outerjoin(users, _u.id == _s.user_id))
    query = filtered(_within(query, period), COLUMNS, filters)
    query = sliced(query, COLUMNS, rows, _s.delivery_id)
    found = [SendingRow(*row) for row in await connection.execute(query)]
    return Found(found[: rows.limit], len(found) > rows.limit)


class Group(NamedTuple):
    """Sendings that have something in common; `settled` is of how many it is known what came."""

    value: str
    sendings: int
    sent: int
    settled: int
    taken_up: int
    dismissed: int
    ignored: int


async def grouped(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    column: str,
) -> list[Group]:
    """Sendings of that time by a column, the largest group first."""
    value = COLUMNS[column]
    came = _k.outcome
    sums: tuple[ColumnElement[Any], ...] = (
        func.count(),
        func.count(_s.sent_at),
        func.count(came),
        _count(came.in_((PushOutcome.ACTED, PushOutcome.OPENED))),
        _count(came == PushOutcome.DISMISSED),
        _count(came == PushOutcome.IGNORED),
    )
    query = (
        select(value.label("value"), *sums)
        .select_from(_all())
        .group_by(value)
        .order_by(func.count().desc())
        .limit(50)
    )
    rows = await connection.execute(filtered(_within(query, period), COLUMNS, filters))
    return [Group(NONE if r[0] is None else str(r[0]), *(int(it) for it in r[1:])) for r in rows]


class Decided(NamedTuple):
    """Moments at which a policy decided, how often it spoke, and how often that reached nobody."""

    moments: int
    spoke: int
    unsent: int


async def decided(connection: AsyncConnection, by: AdminRead, period: Period) -> Decided:
    """Decisions of that time to speak or not."""
    query = select(
        func.count(),
        _count(_k.chosen == SPEAK),
        _count(and_(_k.chosen == SPEAK, _k.unsent.is_not(None))),
    ).where(_k.created_at >= period.since, _k.created_at < period.until)
    row = (await connection.execute(query)).one()
    return Decided(*(int(it or 0) for it in row))


class Failing(NamedTuple):
    """A device to which sendings of that time ended as refused; `channel` is None once it ended."""

    device_id: str
    user_id: str
    channel: str | None
    refused: int
    detail: str
    last_at: datetime
    paused_until: datetime | None
    seen_at: datetime | None


async def failing(
    connection: AsyncConnection, by: AdminRead, period: Period, limit: int = 50
) -> list[Failing]:
    """Devices that refuse, those that do so most often first."""
    query = (
        select(
            _o.device_id,
            _o.user_id,
            _d.channel,
            func.count(),
            func.max(_o.detail),
            func.max(_o.at, type_=_o.at.type),
            _d.paused_until,
            _d.seen_at,
        )
        .select_from(
            delivery_outcomes.outerjoin(
                devices, and_(_d.id == _o.device_id, _d.user_id == _o.user_id)
            )
        )
        .where(
            _o.outcome == Outcome.REFUSED,
            _o.device_id != "",
            _o.at >= period.since,
            _o.at < period.until,
        )
        .group_by(_o.device_id, _o.user_id, _d.channel, _d.paused_until, _d.seen_at)
        .order_by(func.count().desc(), _o.device_id)
        .limit(limit)
    )
    return [Failing(*row) for row in await connection.execute(query)]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
