"""Everybody: who is there, when they were here last, and how far they got."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Slice
from oo.store.everyone.filtering import Columns, filtered, sliced
from oo.store.tables import connections, sessions, tip_scores, users

_u, _c, _t, _s = users.c, connections.c, tip_scores.c, sessions.c


def _last_tip() -> Any:
    return (
        select(_t.created_at)
        .where(_t.user_id == _u.id)
        .order_by(_t.created_at.desc())
        .limit(1)
        .correlate(users)
        .scalar_subquery()
    )


def _sources() -> Any:
    return (
        select(func.count())
        .select_from(connections)
        .where(_c.user_id == _u.id)
        .correlate(users)
        .scalar_subquery()
    )


def _troubled() -> ColumnElement[bool]:
    broken = select(_c.source).where(_c.user_id == _u.id, _c.status != "connected")
    return broken.correlate(users).exists()


COLUMNS: Columns = {
    "created_at": _u.created_at,
    "email": _u.email,
    "role": _u.role,
    "timezone": _u.timezone,
    "reactions": _u.user_seq,
}


class PersonRow(NamedTuple):
    """A person as the list shows them; `reactions` is the number of all of theirs."""

    id: str
    email: str
    name: str
    role: str
    timezone: str
    created_at: datetime
    reactions: int
    sources: int
    last_tip_at: datetime | None


class Found(NamedTuple):
    """Rows of a page, and whether there are more behind them."""

    rows: list[PersonRow]
    more: bool


async def page(
    connection: AsyncConnection,
    by: AdminRead,
    filters: Mapping[str, Choice],
    rows: Slice,
    text: str = "",
    state: str = "",
) -> Found:
    """People who are there: whose address or name begins with `text`, or whose id it is.

    `state` narrows them down: ``troubled`` (a source is to be connected again), ``unconnected``.
    """
    query = filtered(_named(_rows(), text), COLUMNS, filters)
    if state == "troubled":
        query = query.where(_troubled())
    if state == "unconnected":
        query = query.where(~select(_c.source).where(_c.user_id == _u.id).exists())
    query = sliced(query, COLUMNS, rows, _u.id)
    found = [PersonRow(*row) for row in await connection.execute(query)]
    return Found(found[: rows.limit], len(found) > rows.limit)


async def find(connection: AsyncConnection, by: AdminRead, user_id: str) -> PersonRow | None:
    """One person who is there."""
    row = (await connection.execute(_rows().where(_u.id == user_id))).first()
    return PersonRow(*row) if row else None


async def suggestions(
    connection: AsyncConnection, by: AdminRead, text: str, limit: int
) -> list[tuple[str, str]]:
    """Ids and addresses of people whose address or name begins with `text`, or whose id it is."""
    query = _named(select(_u.id, _u.email).where(_u.deleted_at.is_(None)), text)
    found = await connection.execute(query.order_by(_u.email).limit(limit))
    return [(row.id, row.email) for row in found]


async def live_sessions(
    connection: AsyncConnection, by: AdminRead, user_id: str, now: datetime
) -> list[Any]:
    """Begin, last use, end and browser of the person's sessions."""
    query = select(_s.created_at, _s.seen_at, _s.expires_at, _s.user_agent).where(
        _s.user_id == user_id, _s.expires_at > now
    )
    return list(await connection.execute(query.order_by(_s.seen_at.desc())))


def _rows() -> Select[Any]:
    return select(
        _u.id,
        _u.email,
        _u.name,
        _u.role,
        _u.timezone,
        _u.created_at,
        _u.user_seq,
        _sources().label("sources"),
        _last_tip().label("last_tip_at"),
    ).where(_u.deleted_at.is_(None))


def _named(query: Select[Any], text: str) -> Select[Any]:
    if not text:
        return query
    after = text[:-1] + chr(ord(text[-1]) + 1)  # a range, which an index finds and LIKE does not
    return query.where(
        or_(
            _u.id == text,
            (_u.email >= text) & (_u.email < after),
            _u.name.startswith(text, autoescape=True),
        )
    )
