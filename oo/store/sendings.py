"""Rows of sendings: one delivery on its way to one device.

A sender leases what is due, tries it, and says how it went. One that dies in between leaves a lease
that runs out: whether the device's service took the message is then in doubt.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.deliveries import Happened, Outcome
from oo.store import deliveries as log
from oo.store.database import Hot
from oo.store.deliveries import Said
from oo.store.schema import UtcDateTime
from oo.store.tables import deliveries, devices, sendings, users
from oo.store.upsert import insert_into


class Pending(NamedTuple):
    """A delivery whose time has come and that has no sendings yet."""

    id: str
    user_id: str
    tip_id: str
    expires_at: datetime
    only_device: str | None


class Spread(NamedTuple):
    """A delivery, and the devices that it goes to."""

    delivery: Pending
    device_ids: Sequence[str]


class Due(NamedTuple):
    """A sending whose time has come, with its device: `channel` is None where that has ended.

    `in_doubt` is one that a sender had, who never said how it went.
    """

    delivery_id: str
    device_id: str
    user_id: str
    tip_id: str
    expires_at: datetime
    is_test: bool
    attempts: int
    in_doubt: bool
    channel: str | None
    address: bytes
    key_id: str | None
    paused_until: datetime | None
    timezone: str


class Ended(NamedTuple):
    """A sending that has ended, and how; `detail` is a code that says why."""

    due: Due
    outcome: Outcome
    detail: str = ""


class Later(NamedTuple):
    """A sending that is tried again at `next_at`."""

    due: Due
    next_at: datetime


_v, _s, _d = deliveries.c, sendings.c, devices.c
_ONE = (
    _s.delivery_id == bindparam("delivery"),
    _s.device_id == bindparam("device"),
    _s.ended_at.is_(None),
)
_LEASE = (
    update(sendings)
    .where(_s.user_id == bindparam("person"), *_ONE)
    .values(leased_until=bindparam("until", type_=UtcDateTime), attempts=_s.attempts + 1)
)
_POSTPONE = (
    update(sendings)
    .where(_s.user_id == bindparam("person"), *_ONE)
    .values(next_at=bindparam("until", type_=UtcDateTime), leased_until=None)
)
_END = (
    update(sendings)
    .where(_s.user_id == bindparam("person"), *_ONE)
    .values(
        ended_at=bindparam("until", type_=UtcDateTime),
        sent_at=bindparam("sent", type_=UtcDateTime),
        leased_until=None,
    )
)


def _named(one: Due) -> dict[str, str]:
    return {"person": one.user_id, "delivery": one.delivery_id, "device": one.device_id}


_now = bindparam("now", type_=UtcDateTime)
_NOT_SPREAD = (_v.spread_at.is_(None), _v.starts_at <= _now)
_NOT_ENDED = (
    _s.ended_at.is_(None),
    _s.next_at <= _now,
    or_(_s.leased_until.is_(None), _s.leased_until <= _now),
)
_ARE_DUE = select(
    or_(
        select(_v.id).where(*_NOT_SPREAD).exists(),
        select(_s.delivery_id).where(*_NOT_ENDED).exists(),
    ).label("found")
)


async def are_due(connection: Hot, now: datetime) -> bool:
    """Whether a delivery or a sending may be due: a look that takes no turn from writers."""
    return bool((await connection.execute(_ARE_DUE, {"now": now})).one().found)


async def pending(connection: AsyncConnection, now: datetime, limit: int) -> list[Pending]:
    """Deliveries whose time has come, the oldest first; nobody else's until the commit."""
    query = (
        select(_v.id, _v.user_id, _v.tip_id, _v.expires_at, _v.only_device)
        .where(*_NOT_SPREAD)
        .order_by(_v.starts_at, _v.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Pending(*row) for row in await connection.execute(query, {"now": now})]


async def devices_of(
    connection: AsyncConnection, user_ids: Collection[str]
) -> dict[str, list[str]]:
    """The ids of these people's devices, by person."""
    found: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
    query = select(_d.user_id, _d.id).where(_d.user_id.in_(list(user_ids))).order_by(_d.id)
    for user_id, device_id in await connection.execute(query):
        found[user_id].append(device_id)
    return found


async def spread(connection: AsyncConnection, over: Sequence[Spread], now: datetime) -> None:
    """Give each delivery a sending per device."""
    rows = [
        {
            "delivery_id": one.delivery.id,
            "device_id": device_id,
            "user_id": one.delivery.user_id,
            "created_at": now,
            "next_at": now,
        }
        for one in over
        for device_id in one.device_ids
    ]
    if rows:
        await connection.execute(insert_into(connection, sendings).on_conflict_do_nothing(), rows)
    if over:
        await connection.execute(
            update(deliveries)
            .where(
                _v.user_id.in_({one.delivery.user_id for one in over}),
                _v.id.in_([one.delivery.id for one in over]),
            )
            .values(spread_at=now)
        )


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[Due]:
    """Sendings whose time has come and that no sender has, the oldest first.

    Nobody else's until the commit. Of deleted people there are none.
    """
    query = (
        select(
            _s.delivery_id,
            _s.device_id,
            _s.user_id,
            _v.tip_id,
            _v.expires_at,
            _v.only_device,
            _s.attempts,
            _s.leased_until,
            _d.channel,
            _d.address,
            _d.key_id,
            _d.paused_until,
            users.c.timezone,
        )
        .join(deliveries, and_(_v.id == _s.delivery_id, _v.user_id == _s.user_id))
        .join(users, users.c.id == _s.user_id)
        .outerjoin(devices, and_(_d.id == _s.device_id, _d.user_id == _s.user_id))
        .where(
            *_NOT_ENDED,
            users.c.deleted_at.is_(None),
        )
        .order_by(_s.next_at, _s.delivery_id, _s.device_id)
        .limit(limit)
        .with_for_update(of=sendings, skip_locked=True)
    )
    return [
        Due(
            row.delivery_id,
            row.device_id,
            row.user_id,
            row.tip_id,
            row.expires_at,
            row.only_device is not None,
            row.attempts,
            row.leased_until is not None,
            row.channel,
            row.address or b"",
            row.key_id,
            row.paused_until,
            row.timezone,
        )
        for row in await connection.execute(query, {"now": now})
    ]


async def sent_since(
    connection: AsyncConnection, dues: Sequence[Due], since: datetime
) -> dict[str, list[datetime]]:
    """When something was sent to the devices of `dues` from then on, by device, oldest first."""
    found: dict[str, list[datetime]] = {}
    query = (
        select(_s.device_id, _s.sent_at)
        .where(
            _s.user_id.in_({one.user_id for one in dues}),
            _s.device_id.in_({one.device_id for one in dues}),
            _s.sent_at >= since,
        )
        .order_by(_s.sent_at)
    )
    for device_id, at in await connection.execute(query):
        found.setdefault(device_id, []).append(at)
    return found


async def lease(connection: AsyncConnection, dues: Sequence[Due], until: datetime) -> None:
    """A sender has these until then."""
    if dues:
        rows = [{**_named(one), "until": until} for one in dues]
        await connection.execute(_LEASE, rows)


async def postpone(connection: AsyncConnection, later: Sequence[Later]) -> None:
    """Try these again, each at its time; nothing of them is in doubt."""
    if later:
        rows = [{**_named(one.due), "until": one.next_at} for one in later]
        await connection.execute(_POSTPONE, rows)


async def end(connection: AsyncConnection, ended: Sequence[Ended], now: datetime) -> None:
    """These have ended; each outcome is logged."""
    if ended:
        rows = [
            {
                **_named(one.due),
                "until": now,
                "sent": now if one.outcome is Outcome.SENT else None,
            }
            for one in ended
        ]
        await connection.execute(_END, rows)
    await log.log(connection, [_said(one, now) for one in ended])


def _said(one: Ended, now: datetime) -> Said:
    due = one.due
    return Said(
        due.user_id,
        Happened(due.delivery_id, due.tip_id, due.device_id, one.outcome, now, one.detail),
    )
