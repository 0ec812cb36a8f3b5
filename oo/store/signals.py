"""Rows of a person's signals of any kind but tasks, as their source last told them."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Extent, Signal, all_kinds, kind_of
from oo.store.database import PURGE_ROWS, Hot
from oo.store.sealing import opened_rows, sealed_rows, words_of
from oo.store.tables import signals
from oo.store.upsert import putting

log = logging.getLogger(__name__)

MAX_CURRENT = 500  # signals of one person that a request looks at, the soonest over first
_KEY = ("user_id", "kind", "id")
_PUT = tuple(column.name for column in signals.c if column.name not in _KEY)
_BATCH = 60  # rows per statement: SQLite allows a limited number of bound values


class Recorded(NamedTuple):
    """A signal and when it was read as it is."""

    signal: Signal
    recorded_at: datetime


async def list_of_source(
    connection: AsyncConnection, user_id: str, source: str
) -> dict[tuple[str, str], Recorded]:
    """All of the person's signals from `source`, by kind and id."""
    s = signals.c
    query = select(s.kind, s.id, s.body, s.recorded_at, s.sealed).where(
        s.user_id == user_id, s.source == source
    )
    rows = (await connection.execute(query)).mappings()
    return {
        (row["kind"], row["id"]): Recorded(signal, row["recorded_at"])
        for row in await opened_rows(connection, signals, user_id, rows)
        if (signal := decoded(row["kind"], row["body"])) is not None
    }


async def current(
    connection: Hot, user_ids: Collection[str], now: datetime
) -> dict[str, dict[str, list[Signal]]]:
    """What matters now of each person's signals, by kind: see the windows of the kinds."""
    asked: dict[str, Any] = {"people": list(user_ids), "now": now}
    for kind in all_kinds().values():
        if kind.window:
            asked[f"{kind.name}_since"] = now - kind.window.behind
            asked[f"{kind.name}_until"] = now + kind.window.ahead
    found: dict[str, dict[str, list[Signal]]] = {user_id: {} for user_id in user_ids}
    seen = dict.fromkeys(user_ids, 0)
    kinds = tuple((kind.name, kind.window is not None) for kind in all_kinds().values())
    words = await words_of(connection, user_ids)
    for row in await connection.execute(_current(kinds), asked):
        seen[row.user_id] += 1
        if seen[row.user_id] > MAX_CURRENT:
            continue
        signal = decoded(row.kind, words.word(signals, row, "body"))
        if signal is not None:
            found[row.user_id].setdefault(row.kind, []).append(signal)
    return found


@cache
def _current(kinds: tuple[tuple[str, bool], ...]) -> Select[Any]:
    """The statement for kinds with and without a window; every load of a stock runs it."""
    s = signals.c
    bounds = [
        and_(
            s.kind == name,
            s.ends_at >= bindparam(f"{name}_since"),
            s.starts_at <= bindparam(f"{name}_until"),
        )
        if has_window
        else s.kind == name
        for name, has_window in kinds
    ]
    return (
        select(s.user_id, s.kind, s.body, s.sealed)
        .where(
            s.user_id.in_(bindparam("people", expanding=True)),
            s.expires_at > bindparam("now"),
            or_(*bounds),
        )
        .order_by(s.user_id, s.ends_at, s.id)
    )


async def counts(connection: AsyncConnection, user_id: str) -> dict[tuple[str, str], int]:
    """How many signals are stored of the person, by source and kind."""
    s = signals.c
    query = (
        select(s.source, s.kind, func.count())
        .where(s.user_id == user_id)
        .group_by(s.source, s.kind)
    )
    return {(row[0], row[1]): row[2] for row in await connection.execute(query)}


async def put(connection: Hot, user_id: str, found: Sequence[Signal], now: datetime) -> None:
    """Store the signals in place of earlier versions of them; what has expired is left out."""
    rows = [row for signal in found if (row := row_of(user_id, signal, now))["expires_at"] > now]
    put_one = putting(connection, signals, _PUT)
    rows = await sealed_rows(connection, signals, rows)
    for start in range(0, len(rows), _BATCH):
        await connection.execute(put_one, rows[start : start + _BATCH])


async def remove(
    connection: AsyncConnection, user_id: str, keys: Collection[tuple[str, str]]
) -> None:
    """Erase those of the person's signals, by kind and id."""
    every = sorted(keys)
    for start in range(0, len(every), _BATCH):
        await connection.execute(
            delete(signals).where(
                signals.c.user_id == user_id,
                tuple_(signals.c.kind, signals.c.id).in_(every[start : start + _BATCH]),
            )
        )


async def remove_source(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Erase all of the person's signals from `source`."""
    await connection.execute(
        delete(signals).where(signals.c.user_id == user_id, signals.c.source == source)
    )


async def remove_kind(connection: AsyncConnection, user_id: str, kind: str) -> list[str]:
    """Erase all of the person's signals of a kind; returns the sources that had told them."""
    s = signals.c
    gone = delete(signals).where(s.user_id == user_id, s.kind == kind).returning(s.source)
    return sorted({row.source for row in await connection.execute(gone)})


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Erase some of everybody's signals that have expired; how many."""
    s = signals.c
    gone = await connection.execute(
        delete(signals).where(
            tuple_(s.user_id, s.kind, s.id).in_(
                select(s.user_id, s.kind, s.id)
                .where(s.expires_at <= now)
                .limit(PURGE_ROWS)
                .with_for_update(skip_locked=True)  # a purge never waits for a person
            )
        )
    )
    return gone.rowcount


def expires_at(signal: Signal, now: datetime) -> datetime:
    """When the signal, read at `now`, is to be erased."""
    kind = kind_of(signal)
    return kind.retention.expires_at(kind.extent(signal) or Extent.at(now))


def row_of(user_id: str, signal: Signal, now: datetime) -> dict[str, Any]:
    """The row of a signal read at `now`; `put` seals it, and leaves out what has expired."""
    kind = kind_of(signal)
    extent = kind.extent(signal) or Extent.at(now)
    return {
        "user_id": user_id,
        "kind": kind.name,
        "id": signal.id,
        "source": signal.source,
        "external_id": signal.external_id,
        "body": kind.encode(signal),
        "local_day": None if extent.is_instant else extent.local_day(UTC),
        "starts_at": extent.earliest,
        "ends_at": extent.latest,
        "recorded_at": now,
        "expires_at": kind.retention.expires_at(extent),
    }


def decoded(kind: str, body: Mapping[str, Any]) -> Signal | None:
    """The signal; None for one that this release cannot read, which its source tells again."""
    try:
        signal: Signal = all_kinds()[kind].decode(body)
    except (KeyError, ValueError) as error:
        log.warning("a stored signal of the kind %r cannot be read: %s", kind, type(error).__name__)
        return None
    return signal
