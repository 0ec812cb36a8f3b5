"""The audit log: who did what to whom, why, and what it was before and after.

Each row carries a hash over itself and the hash before it, so that a row which was altered, put in
or taken out breaks the chain. The store itself refuses to change or delete rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import Choice, Period, Slice
from oo.store.audit_tables import audit

Facts = Mapping[str, str | int | float | bool | None]

GENESIS = "0" * 64  # the hash before the first row


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down. Neither titles nor secrets belong into it: it is kept for good.

    `actor` is who did it (``person:ID``, ``operator:NAME``, ``job:NAME``), `action` a noun and a
    verb (``session.end``), `whom` what it was done to (``person:ID``, ``policy:NAME@VERSION``).
    """

    actor: str
    action: str
    whom: str
    at: datetime
    why: str = ""
    before: Facts | None = None
    after: Facts | None = None


class Link(NamedTuple):
    """A row of the log with its place in the chain."""

    id: int
    entry: Entry
    hash: str


class Head(NamedTuple):
    """The newest row, which speaks for all before it; number 0 before there is one."""

    id: int
    hash: str


class Broken(NamedTuple):
    """The first link that does not hold, and why."""

    id: int
    reason: str


async def append(connection: AsyncConnection, entry: Entry) -> Head:
    """Add a row, in the caller's transaction; nobody else adds one before that ends.

    Call it last: what else the transaction locks must be locked by then.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        await connection.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    last = await head(connection)
    number = last.id + 1
    link = Head(number, _hash(number, entry, last.hash))
    await connection.execute(
        insert(audit).values(
            id=link.id,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            whom=entry.whom,
            why=entry.why,
            before=entry.before,
            after=entry.after,
            hash=link.hash,
        )
    )
    return link


async def head(connection: AsyncConnection) -> Head:
    """The newest row."""
    query = select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return Head(row.id, row.hash) if row else Head(0, GENESIS)


async def holds(connection: AsyncConnection, kept: Head) -> bool:
    """Whether the log still has the row that `kept` speaks of."""
    query = select(audit.c.hash).where(audit.c.id == kept.id)
    return (await connection.execute(query)).scalar_one_or_none() == kept.hash


async def newest(
    connection: AsyncConnection, limit: int, action: str = "", whom: str = ""
) -> list[Link]:
    """The newest rows, the newest first; those whose action or subject begins so."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if action:
        query = query.where(audit.c.action.startswith(action, autoescape=True))
    if whom:
        query = query.where(audit.c.whom.startswith(whom, autoescape=True))
    return [_link(row) for row in await connection.execute(query)]


async def newest_of(
    connection: AsyncConnection, actor: str, action: str, whom: str, since: datetime
) -> datetime | None:
    """When the actor last did exactly this to the subject, if that was after `since`."""
    a = audit.c
    query = select(a.at).where(a.whom == whom, a.actor == actor, a.action == action, a.at > since)
    return (await connection.execute(query.order_by(a.id.desc()).limit(1))).scalar_one_or_none()


async def subjects_of(
    connection: AsyncConnection, actor: str, action: str, since: datetime
) -> frozenset[str]:
    """To whom the actor has done this since then."""
    a = audit.c
    query = select(a.whom).where(a.actor == actor, a.action == action, a.at > since).distinct()
    return frozenset((await connection.execute(query)).scalars())


async def page(
    connection: AsyncConnection,
    period: Period,
    filters: Mapping[str, Choice],
    rows: Slice,
) -> list[Link]:
    """Rows of that time whose columns pass the filters, the newest first or last."""
    query = select(audit).where(audit.c.at >= period.since, audit.c.at < period.until)
    for name, choice in filters.items():
        found = audit.c[name].in_(choice.values)
        query = query.where(~found if choice.excluded else found)
    order = audit.c.id.desc() if rows.down else audit.c.id
    query = query.order_by(order).limit(rows.limit).offset(rows.offset)
    return [_link(row) for row in await connection.execute(query)]


async def of_kinds(
    connection: AsyncConnection, period: Period, kinds: Sequence[str], limit: int
) -> list[Link]:
    """The newest rows of that time whose action begins with one of these nouns."""
    a = audit.c
    query = select(audit).where(a.at >= period.since, a.at < period.until)
    query = query.where(or_(*(a.action.startswith(f"{kind}.", autoescape=True) for kind in kinds)))
    query = query.order_by(a.id.desc()).limit(limit)
    return [_link(row) for row in await connection.execute(query)]


START = Head(0, GENESIS)


async def verify(
    connection: AsyncConnection, kept: Head | None = None, after: Head = START
) -> Head | Broken:
    """Follow the whole chain: its head, or the first link that does not hold.

    `after` is a head up to which it was followed before: only what comes after is read.

    `kept` is a head that was written down elsewhere: the chain must go through it, so that one
    which was cut at its end, or made anew as a whole, is noticed.
    """
    last = after
    rows = select(audit).where(audit.c.id > after.id).order_by(audit.c.id)
    async for row in await connection.stream(rows):
        link = _link(row)
        if link.id != last.id + 1:
            return Broken(last.id + 1, "it is missing")
        if link.hash != _hash(link.id, link.entry, last.hash):
            return Broken(link.id, "it is not what was written, or stands in another place")
        last = Head(link.id, link.hash)
        if kept is not None and kept.id == last.id and kept.hash != last.hash:
            return Broken(link.id, "the head that was kept elsewhere says otherwise")
    if kept is not None and kept.id > last.id:
        return Broken(last.id + 1, f"it is missing: the head kept elsewhere is {kept.id}")
    return last


def _link(row: Any) -> Link:
    entry = Entry(row.actor, row.action, row.whom, row.at, row.why, row.before, row.after)
    return Link(row.id, entry, row.hash)


def _hash(number: int, entry: Entry, before: str) -> str:
    told = {
        "id": number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "whom": entry.whom,
        "why": entry.why,
        "before": entry.before,
        "after": entry.after,
        "previous": before,
    }
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
