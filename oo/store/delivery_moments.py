"""The next moment of each person at which speaking to them is thought of.

Whoever is due is found by an index on the instant, so a pass costs what it decides and no more.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import NOTIFICATIONS
from oo.domain.interruptions import MomentKind
from oo.domain.rewards import Action
from oo.domain.signals.kinds.presence import State
from oo.store import users as users_rows
from oo.store.database import Hot
from oo.store.outbox import TIP_FEEDBACK
from oo.store.sealing import words_of
from oo.store.tables import (
    consents,
    delivery_moments,
    feedback,
    outbox,
    signals,
    users,
)
from oo.store.upsert import insert_into, putting


class Due(NamedTuple):
    """A person whose moment has come, with their zone."""

    user_id: str
    at: datetime
    kind: str
    hours: list[float]
    hours_at: datetime
    timezone: str


class Next(NamedTuple):
    """A person's next moment; `next_at` None: none, until they allow notifications again."""

    user_id: str
    next_at: datetime | None
    kind: str
    hours: list[float]
    hours_at: datetime
    hushed: str = ""


_m = delivery_moments.c
_WAITING = (
    select(_m.user_id)
    .select_from(delivery_moments.join(users, users.c.id == _m.user_id))
    .where(_m.next_at <= bindparam("now"), users.c.deleted_at.is_(None))
    .order_by(_m.next_at, _m.user_id)
    .limit(bindparam("limit"))
)
_DUE = (
    select(_m.user_id, _m.next_at, _m.kind, _m.hours, _m.hours_at, users.c.timezone)
    .select_from(delivery_moments.join(users, users.c.id == _m.user_id))
    .where(
        _m.user_id.in_(bindparam("people", expanding=True)),
        _m.next_at <= bindparam("now"),
        users.c.deleted_at.is_(None),
    )
)
_PUT = ("next_at", "kind", "hours", "hours_at", "hushed")


async def waiting(connection: Hot, now: datetime, limit: int) -> list[str]:
    """Those whose moment has come and who have waited longest, by id.

    Ids are close to one another where rows are: whoever takes them in this order reads and writes
    a fraction of the pages.
    """
    rows = await connection.execute(_WAITING, {"now": now, "limit": limit})
    return sorted(row.user_id for row in rows)


async def due(connection: Hot, user_ids: Sequence[str], now: datetime) -> list[Due]:
    """Those of these people whose moment has come."""
    rows = await connection.execute(_DUE, {"people": user_ids, "now": now})
    return [Due(*row) for row in rows]


async def put(connection: Hot, planned: Sequence[Next]) -> None:
    """Keep the next moments of people who are there, as `users.heads_kept` has told."""
    rows = [one._asdict() for one in planned]
    if rows:
        await connection.execute(putting(connection, delivery_moments, _PUT), rows)


async def sooner(
    connection: AsyncConnection, user_ids: Collection[str], at: datetime, kind: MomentKind
) -> int:
    """Think of these people already at `at`, where that is sooner; how many it is.


    Nobody is thought of in this way who allows no notifications: they have no moment ahead.
    """
    changed = await connection.execute(
        update(delivery_moments)
        .where(_m.user_id.in_(user_ids), _m.next_at > at)
        .values(next_at=at, kind=kind)
    )
    return changed.rowcount


class Word(NamedTuple):
    """What somebody said to notifications."""

    id: int
    user_id: str
    given: bool


async def said_since(connection: AsyncConnection, after: int, limit: int) -> list[Word]:
    """What people said to notifications behind the consent `after`, in order."""
    c = consents.c
    query = (
        select(c.id, c.user_id, c.given)
        .where(c.id > after, c.purpose == NOTIFICATIONS)
        .order_by(c.id)
        .limit(limit)
    )
    return [Word(*row) for row in await connection.execute(query)]


async def enrol(connection: AsyncConnection, user_ids: Collection[str], now: datetime) -> None:
    """Give a moment to people who have none ahead."""
    have = select(_m.user_id).where(_m.user_id.in_(user_ids), _m.next_at.is_not(None))
    lacking = set(user_ids).difference(await connection.scalars(have))
    there = await users_rows.heads_kept(connection, lacking)
    rows = [
        {"user_id": it, "next_at": now, "kind": MomentKind.USUAL_HOUR, "hours": [], "hours_at": now}
        for it in sorted(there)
    ]
    if not rows:
        return
    put_one = insert_into(connection, delivery_moments)
    put_one = put_one.on_conflict_do_update(
        index_elements=["user_id"],
        set_={"next_at": func.coalesce(_m.next_at, put_one.excluded.next_at)},
    )
    await connection.execute(put_one, rows)


_f = feedback.c
_SEEN = select(_f.user_id, _f.created_at).where(
    _f.user_id.in_(bindparam("people", expanding=True)),
    _f.created_at >= bindparam("since"),
    _f.action.in_(list(Action)),
)


async def seen_hours(
    connection: Hot, user_ids: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When these people reacted since then."""
    found: dict[str, list[datetime]] = {user_id: [] for user_id in user_ids}
    for row in await connection.execute(_SEEN, {"people": list(user_ids), "since": since}):
        found[row.user_id].append(row.created_at)
    return found


class Noticed(NamedTuple):
    """People who have just done something, and how far the two logs were read.

    `seen` are those who were seen otherwise than asleep, `idle` those whose last sighting is.
    """

    finished: list[str]
    idle: list[str]
    seen: list[str]
    mark: int
    until: datetime


async def last_message(connection: AsyncConnection) -> int:
    """The number of the newest message in the outbox."""
    return int((await connection.execute(select(func.max(outbox.c.id)))).scalar_one() or 0)


async def noticed(
    connection: AsyncConnection, mark: int, since: datetime, now: datetime, limit: int
) -> Noticed:
    """Who finished something behind message `mark`, and who was seen, and how, since then."""
    o, s = outbox.c, signals.c
    messages = (
        await connection.execute(
            select(o.id, o.user_id, o.payload)
            .where(o.id > mark, o.subject == TIP_FEEDBACK)
            .order_by(o.id)
            .limit(limit)
        )
    ).all()
    done = {row.user_id for row in messages if row.payload.get("action") == Action.DONE}
    sightings = (
        await connection.execute(
            select(s.user_id, s.body, s.sealed, s.recorded_at)
            .where(s.kind == "presence", s.recorded_at > since, s.recorded_at <= now)
            .order_by(s.recorded_at, s.starts_at)
            .limit(limit)
        )
    ).all()
    words = await words_of(connection, {row.user_id for row in sightings})
    last = {row.user_id: words.word(signals, row, "body").get("state") for row in sightings}
    return Noticed(
        sorted(done),
        sorted(it for it, state in last.items() if state == State.IDLE),
        sorted(it for it, state in last.items() if state != State.ASLEEP),
        messages[-1].id if messages else mark,
        sightings[-1].recorded_at if len(sightings) == limit else now,
    )


async def passed_over(
    connection: AsyncConnection, user_ids: Collection[str], now: datetime
) -> dict[str, ZoneInfo]:
    """Those of these people whose last moment fell into something, and whose next is to come.

    Each with their zone.
    """
    if not user_ids:
        return {}
    query = (
        select(_m.user_id, users.c.timezone)
        .select_from(delivery_moments.join(users, users.c.id == _m.user_id))
        .where(
            _m.user_id.in_(user_ids),
            _m.hushed != "",
            _m.next_at > now,
            users.c.deleted_at.is_(None),
        )
    )
    return {row.user_id: ZoneInfo(row.timezone) for row in await connection.execute(query)}
