"""Tips of everybody, those in stock and those that were served: rows without words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import AdminRead, Choice, Period, Slice
from oo.store.everyone.decisions import COLUMNS, reacted
from oo.store.everyone.filtering import NONE, Columns, filtered, sliced
from oo.store.tables import candidates, feedback, tip_scores, users

_c, _t, _f, _u = candidates.c, tip_scores.c, feedback.c, users.c

STOCK: Columns = {
    "created_at": _c.created_at,
    "user": _c.user_id,
    "kind": _c.kind,
    "activity": _c.activity,
    "language": _c.language,
    "prompt": _c.prompt_version,
    "model": _c.model,
    "source": _c.source,
    "confidence": _c.confidence,
}


class TipRow(NamedTuple):
    """A tip without its words; `until` is when one in stock ends, the rest is of served ones."""

    id: str
    user_id: str
    email: str | None
    created_at: datetime
    kind: str
    language: str | None
    prompt_version: str
    model: str
    source: str
    confidence: float
    until: datetime | None = None
    seen_at: datetime | None = None
    action: str | None = None
    reward: float | None = None


class Found(NamedTuple):
    """Rows of a page, and whether there are more behind them."""

    rows: list[TipRow]
    more: bool


async def in_stock(
    connection: AsyncConnection,
    by: AdminRead,
    now: datetime,
    filters: Mapping[str, Choice],
    column: str,
) -> dict[str, int]:
    """How many candidates may be served now or later, by a column."""
    value = STOCK[column]
    columns: tuple[ColumnElement[Any], ...] = (value.label("value"), func.count())
    query = _live(select(*columns).group_by(value), now)
    found = await connection.execute(filtered(query, STOCK, filters))
    return {NONE if row[0] is None else str(row[0]): row[1] for row in found}


async def stock(
    connection: AsyncConnection,
    by: AdminRead,
    now: datetime,
    filters: Mapping[str, Choice],
    rows: Slice,
) -> Found:
    """Candidates that may be served now or later."""
    query: Select[Any] = select(
        _c.id,
        _c.user_id,
        _u.email,
        _c.created_at,
        _c.kind,
        _c.language,
        _c.prompt_version,
        _c.model,
        _c.source,
        _c.confidence,
        _c.expires_at,
    ).select_from(candidates.outerjoin(users, _u.id == _c.user_id))
    query = sliced(filtered(_live(query, now), STOCK, filters), STOCK, rows, _c.id)
    return await _found(connection, by, query, rows)


async def served(
    connection: AsyncConnection,
    by: AdminRead,
    period: Period,
    filters: Mapping[str, Choice],
    rows: Slice,
) -> Found:
    """Tips that were served in that time."""
    query: Select[Any] = (
        select(
            _t.id,
            _t.user_id,
            _u.email,
            _t.created_at,
            _t.kind,
            _t.language,
            _t.prompt_version,
            _t.model,
            _t.source,
            _t.confidence,
            null(),
            _t.seen_at,
            _f.action,
            _f.reward,
        )
        .select_from(reacted().outerjoin(users, _u.id == _t.user_id))
        .where(_t.created_at >= period.since, _t.created_at < period.until)
    )
    query = sliced(filtered(query, COLUMNS, filters), COLUMNS, rows, _t.id)
    return await _found(connection, by, query, rows)


def _live(query: Select[Any], now: datetime) -> Select[Any]:
    return query.where(_c.retired_at.is_(None), _c.expires_at > now)


async def _found(
    connection: AsyncConnection, by: AdminRead, query: Select[Any], rows: Slice
) -> Found:
    found = [TipRow(*row) for row in await connection.execute(query)]
    return Found(found[: rows.limit], len(found) > rows.limit)
