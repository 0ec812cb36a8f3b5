"""What waits over everybody, counted for `/metrics`: no person is named by any of it.

Each count goes along an index and over what waits, which is little while all is well. Those two
that look at more, at the connections of all and at what ended within a day, are for once a minute.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.connections import CONNECTED
from oo.store.outbox import HANDLED, Outcome
from oo.store.tables import connections, deliveries, outbox, sendings

_o, _c, _v, _s = outbox.c, connections.c, deliveries.c, sendings.c


class Errands(NamedTuple):
    """Errands of one subject that have not ended: how many, since when the oldest waits, and how
    many have failed before."""

    subject: str
    waiting: int
    oldest: datetime | None
    failing: int


class Due(NamedTuple):
    """Things whose time has come, and since when that of the first has."""

    things: int
    since: datetime | None


class SourceLag(NamedTuple):
    """Connections to one source that oO reads by itself: how many, how many of them failed the last
    time or wait for their person, and how many were not read since an instant; when one was read
    last, and the one that was not read for the longest time."""

    source: str
    connections: int
    failing: int
    stale: int
    newest: datetime | None
    oldest: datetime | None


async def errands(connection: AsyncConnection) -> Sequence[Errands]:
    """Every subject of errands."""
    found = {subject: Errands(subject, 0, None, 0) for subject in HANDLED}
    waiting = (
        select(
            _o.subject,
            func.count(),
            func.min(_o.created_at, type_=_o.created_at.type),
            func.sum(case((_o.attempts > 0, 1), else_=0)),
        )
        .where(_o.subject.in_(HANDLED), _o.relayed_at.is_(None))
        .group_by(_o.subject)
    )
    for subject, count, oldest, failing in await connection.execute(waiting):
        found[subject] = Errands(subject, count, oldest, int(failing or 0))
    return list(found.values())


async def given_up(connection: AsyncConnection, since: datetime) -> Mapping[str, int]:
    """How many errands of each subject were given up since then; all that ended are looked at."""
    found = dict.fromkeys(HANDLED, 0)
    ended = (
        select(_o.subject, func.sum(case((_o.outcome == Outcome.GIVEN_UP, 1), else_=0)))
        .where(_o.subject.in_(HANDLED), _o.relayed_at >= since)
        .group_by(_o.subject)
    )
    for subject, count in await connection.execute(ended):
        found[subject] = int(count or 0)
    return found


async def due_deliveries(connection: AsyncConnection, now: datetime) -> Due:
    """Deliveries and sendings that should be on their way."""
    counts = [
        select(func.count(), func.min(_v.starts_at, type_=_v.starts_at.type)).where(
            _v.spread_at.is_(None), _v.starts_at <= now
        ),
        select(func.count(), func.min(_s.next_at, type_=_s.next_at.type)).where(
            _s.ended_at.is_(None), _s.next_at <= now
        ),
    ]
    rows = [(await connection.execute(query)).one() for query in counts]
    return Due(sum(row[0] for row in rows), _earliest([row[1] for row in rows]))


async def sources(connection: AsyncConnection, stale_before: datetime) -> Sequence[SourceLag]:
    """Every source that somebody has connected and that is read by oO."""
    is_failing = _c.error.is_not(None) | (_c.status != CONNECTED)
    is_stale = (_c.status == CONNECTED) & (
        func.coalesce(_c.synced_at, _c.connected_at) < stale_before
    )
    read = func.coalesce(_c.synced_at, _c.connected_at, type_=_c.synced_at.type)
    healthy = case((_c.status == CONNECTED, read))
    query = (
        select(
            _c.source,
            func.count(),
            func.sum(case((is_failing, 1), else_=0)),
            func.sum(case((is_stale, 1), else_=0)),
            func.max(_c.synced_at, type_=_c.synced_at.type),
            func.min(healthy, type_=_c.synced_at.type),
        )
        .where(_c.secret.is_not(None))
        .group_by(_c.source)
    )
    return [
        SourceLag(source, count, int(failing or 0), int(stale or 0), newest, oldest)
        for source, count, failing, stale, newest, oldest in await connection.execute(query)
    ]


def _earliest(instants: Sequence[Any]) -> datetime | None:
    return min((it for it in instants if it is not None), default=None)
