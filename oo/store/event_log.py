"""The log of events, and the rows that are facts but have not been told in it yet."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, cast, delete, func, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.events import EventFilter, EventSeen
from oo.store.database import PURGE_ROWS, Hot
from oo.store.outbox import TIP_SERVED
from oo.store.tables import events, outbox, tip_scores, users


class Fact(NamedTuple):
    """A committed row that is to be told; `key` names it among those of its `subject`."""

    key: str
    subject: str
    user_id: str
    payload: dict[str, Any]
    at: datetime

    @property
    def event_id(self) -> str:
        """The id of the event that tells it under its own subject."""
        return f"{self.subject}:{self.key}"


_o = outbox.c
_TOLD_ROW = select(events.c.seq).where(events.c.id == _o.subject + ":" + cast(_o.id, String))
_UNTOLD_ROWS = (
    select(_o.id, _o.subject, _o.user_id, _o.payload, _o.created_at)
    .where(
        _o.id > bindparam("above"),
        _o.subject.in_(bindparam("subjects", expanding=True)),
        ~_TOLD_ROW.exists(),
    )
    .order_by(_o.id)
    .limit(bindparam("most"))
)


async def untold_rows(
    connection: Hot, subjects: Collection[str], above: int, limit: int
) -> list[Fact]:
    """Rows of the outbox with these subjects and a number above that no event tells, in order."""
    asked = {"above": above, "subjects": list(subjects), "most": limit}
    return [
        Fact(str(row.id), row.subject, row.user_id, row.payload, row.created_at)
        for row in await connection.execute(_UNTOLD_ROWS, asked)
    ]


async def last_row(connection: AsyncConnection) -> int:
    """The greatest number of a row in the outbox, 0 without any."""
    return (await connection.execute(select(func.max(outbox.c.id)))).scalar_one() or 0


_t = tip_scores.c
_SERVED = {
    "tip_id": _t.id.label("tip_id"),
    "kind": _t.kind,
    "source": _t.source,
    "model": _t.model,
    "prompt_version": _t.prompt_version,
    "confidence": _t.confidence,
    "task_id": _t.task_id,
    "candidates": func.json_array_length(_t.candidate_ids),  # of the same name in both stores
    "policy": _t.policy,
    "policy_version": _t.policy_version,
    "state_seq": _t.state_seq,
    "propensity": _t.propensity,
    "degraded": _t.degraded,
    "latency_ms": _t.latency_ms,
}


_TOLD_TIP = select(events.c.seq).where(events.c.id == literal(f"{TIP_SERVED}:") + _t.id)
_THERE = select(users.c.id).where(users.c.id == _t.user_id, users.c.deleted_at.is_(None))
_UNTOLD = select(_t.id, _t.user_id, _t.created_at, *_SERVED.values()).where(
    ~_TOLD_TIP.exists(), _THERE.exists()
)
_UNTOLD_SINCE = (
    _UNTOLD.where(_t.created_at > bindparam("since"))
    .order_by(_t.created_at)
    .limit(bindparam("most"))
)
_UNTOLD_AMONG = _UNTOLD.where(_t.id.in_(bindparam("tip_ids", expanding=True)))


async def untold_decisions(connection: Hot, since: datetime, limit: int) -> list[Fact]:
    """Decisions made since then that no event tells, the oldest first."""
    asked = {"since": since, "most": limit}
    return [_served(row) for row in await connection.execute(_UNTOLD_SINCE, asked)]


async def untold_among(connection: Hot, tip_ids: Collection[str]) -> list[Fact]:
    """The decisions with these ids that no event tells."""
    if not tip_ids:
        return []
    asked = {"tip_ids": list(tip_ids)}
    return [_served(row) for row in await connection.execute(_UNTOLD_AMONG, asked)]


def _served(row: Any) -> Fact:
    tip_id, user_id, at, *values = row  # by place: every tip comes by here
    return Fact(tip_id, TIP_SERVED, user_id, dict(zip(_SERVED, values, strict=True)), at)


async def oldest_writer(connection: Hot) -> datetime | None:
    """PostgreSQL: since when the oldest of the transactions runs that have not ended, or now.

    SQLite has one writer at a time and needs no such mark: None.
    """
    if connection.dialect.name != "postgresql":
        return None
    query = text(
        "SELECT coalesce(min(xact_start), clock_timestamp()) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND xact_start IS NOT NULL"
    )
    found: datetime = (await connection.execute(query)).one()[0]
    return found


async def clock_of(connection: Hot) -> datetime:
    """PostgreSQL's own clock, which `oldest_writer` goes by."""
    found: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).one()[0]
    return found


_APPEND = insert(events)


async def append(connection: Hot, told: Sequence[EventSeen]) -> None:
    """Add events to the log."""
    rows = [
        {
            "seq": event.seq,
            "id": event.id,
            "user_id": event.user_id,
            "subject": event.subject,
            "payload": event.payload,
            "created_at": event.at,
        }
        for event in told
    ]
    await connection.execute(_APPEND, rows)


_e = events.c
_NEXT = (
    select(_e.seq, _e.id, _e.subject, _e.user_id, _e.created_at, _e.payload)
    .where(_e.seq > bindparam("after"))
    .order_by(_e.seq)
    .limit(bindparam("most"))
)


async def behind(connection: Hot, after: int, limit: int) -> list[EventSeen]:
    """Events behind `after`, oldest first, to a limit."""
    found = await connection.execute(_NEXT, {"after": after, "most": limit})
    return [EventSeen._make(row) for row in found]


async def read(
    connection: AsyncConnection,
    after: int,
    limit: int,
    filters: EventFilter,
    up_to: int | None = None,
) -> list[EventSeen]:
    """Events behind `after`, `up_to` a number, that the filters take, oldest first, to a limit."""
    e, query = events.c, _NEXT
    if up_to is not None:
        query = query.where(e.seq <= up_to)
    if filters.person:
        query = query.where(e.user_id == filters.person)
    if filters.since is not None:
        query = query.where(e.created_at >= filters.since)
    if filters.until is not None:
        query = query.where(e.created_at < filters.until)
    begins = _before_wildcards(filters.subject)
    if begins == filters.subject != "":
        query = query.where(e.subject == filters.subject)
    elif begins:
        query = query.where(e.subject.startswith(begins, autoescape=True))
    found: list[EventSeen] = []
    while True:
        rows = (await connection.execute(query, {"after": after, "most": limit})).all()
        found += [event for event in map(EventSeen._make, rows) if filters.takes(event)]
        if len(rows) < limit or len(found) >= limit:
            return found[:limit]
        after = rows[-1].seq


def _before_wildcards(pattern: str) -> str:
    for index, part in enumerate(parts := pattern.split(".")):
        if part in ("*", ">"):
            return "".join(f"{one}." for one in parts[:index])
    return pattern


async def find(connection: AsyncConnection, key: str) -> EventSeen | None:
    """The event with this number or id."""
    e = events.c
    query = select(e.seq, e.id, e.subject, e.user_id, e.created_at, e.payload)
    which = e.seq == int(key) if key.isdecimal() else e.id == key
    row = (await connection.execute(query.where(which))).first()
    return EventSeen._make(row) if row else None


async def count(connection: AsyncConnection, first: int, last: int) -> int:
    """How many events there are from one number to another, both included."""
    query = select(func.count()).select_from(events).where(events.c.seq.between(first, last))
    return (await connection.execute(query)).scalar_one()


async def newest(connection: AsyncConnection) -> int:
    """The number of the newest event, 0 without any."""
    return (await connection.execute(select(func.max(events.c.seq)))).scalar_one() or 0


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete some events older than `before`; how many. Those of before come first in the log."""
    e = events.c
    oldest = select(e.seq).order_by(e.seq).limit(PURGE_ROWS).subquery()
    gone = await connection.execute(
        delete(events).where(e.seq.in_(select(oldest.c.seq)), e.created_at < before)
    )
    return gone.rowcount
