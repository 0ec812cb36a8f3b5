"""What calls of language models cost: hourly sums by person, alias, model, prompt and outcome."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.model_calls import ModelCall, Place, Spent, bucket_of
from oo.store.database import PURGE_ROWS, Hot
from oo.store.model_call_tables import BUCKETS, model_calls
from oo.store.tables import users
from oo.store.upsert import Insert, insert_of

_KEY = [column.name for column in model_calls.primary_key]
_SUMS = [column.name for column in model_calls.columns if not column.primary_key]


class Sums(NamedTuple):
    """What the calls of one alias, model, prompt and outcome come to; `buckets` by latency."""

    alias: str
    model: str
    place: str
    prompt_version: str
    outcome: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    latency_s: float
    accepted: int
    refused: int
    buckets: tuple[int, ...]


@cache  # every fill runs it
def _adding_up(dialect: str) -> Insert:
    statement = insert_of(dialect, model_calls)
    kept, new = model_calls.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=_KEY, set_={name: kept[name] + new[name] for name in _SUMS}
    )


async def add(connection: Hot, user_id: str, calls: Sequence[ModelCall], now: datetime) -> None:
    """Add a person's calls to the sums of the hour."""
    if calls:
        hour = now.replace(minute=0, second=0, microsecond=0)
        rows = list(_summed(user_id, hour, calls))
        await connection.execute(_adding_up(connection.dialect.name), rows)


def _tokens(place: Place) -> ColumnElement[Any]:
    c = model_calls.c
    return func.sum(case((c.place == place, c.prompt_tokens + c.completion_tokens), else_=0))


# built once: every fill asks them
_SPENT = select(_tokens(Place.LOCAL).label("local"), _tokens(Place.CLOUD).label("cloud")).where(
    model_calls.c.user_id == bindparam("person"), model_calls.c.hour >= bindparam("since")
)
_USD = select(func.sum(model_calls.c.cost_usd).label("usd")).where(
    model_calls.c.hour >= bindparam("since")
)


async def spent(connection: Hot, user_id: str, now: datetime) -> Spent:
    """What the person's calls, and in money everybody's, have used since midnight UTC."""
    asked = {"person": user_id, "since": _midnight(now)}
    row = (await connection.execute(_SPENT, asked)).one()
    return Spent(int(row.local or 0), int(row.cloud or 0), await usd_spent(connection, now))


async def usd_spent(connection: Hot, now: datetime) -> float:
    """What everybody's calls have cost since midnight UTC."""
    row = (await connection.execute(_USD, {"since": _midnight(now)})).one()
    return float(row.usd or 0.0)


async def of_everybody(connection: AsyncConnection, since: datetime) -> list[Sums]:
    """The sums of all people from then on."""
    return await _read(connection, _BY_MODEL.where(model_calls.c.hour >= since))


async def of_person(connection: AsyncConnection, user_id: str, since: datetime) -> list[Sums]:
    """The sums of one person from then on."""
    c = model_calls.c
    return await _read(connection, _BY_MODEL.where(c.user_id == user_id, c.hour >= since))


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Erase some of what is older, or of people who are no longer there; how many rows."""
    key = [model_calls.c[name] for name in _KEY]
    deleted = select(users.c.id).where(users.c.deleted_at.is_not(None))
    gone = await connection.execute(
        delete(model_calls).where(
            tuple_(*key).in_(
                select(*key)
                .where(or_(model_calls.c.hour < before, model_calls.c.user_id.in_(deleted)))
                .limit(PURGE_ROWS)
                .with_for_update(skip_locked=True)  # a purge never waits for a person
            )
        )
    )
    return gone.rowcount


_GROUPED = [model_calls.c[name] for name in Sums._fields[:5]]
_BY_MODEL = (
    select(*_GROUPED, *(func.sum(model_calls.c[name]).label(name) for name in _SUMS))
    .group_by(*_GROUPED)
    .order_by(*_GROUPED)
)


async def _read(connection: AsyncConnection, query: Select[Any]) -> list[Sums]:
    rows = (await connection.execute(query)).mappings()
    return [
        Sums(
            alias=row["alias"],
            model=row["model"],
            place=row["place"],
            prompt_version=row["prompt_version"],
            outcome=row["outcome"],
            calls=int(row["calls"]),
            prompt_tokens=int(row["prompt_tokens"]),
            completion_tokens=int(row["completion_tokens"]),
            cost_usd=float(row["cost_usd"]),
            latency_s=float(row["latency_s"]),
            accepted=int(row["accepted"]),
            refused=int(row["refused"]),
            buckets=tuple(int(row[name]) for name in BUCKETS),
        )
        for row in rows
    ]


def _summed(user_id: str, hour: datetime, calls: Iterable[ModelCall]) -> Iterable[dict[str, Any]]:
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for call in calls:
        row: dict[str, Any] = {"user_id": user_id, "hour": hour, "calls": 1, **call._asdict()}
        row |= dict.fromkeys(BUCKETS, 0) | {BUCKETS[bucket_of(call.latency_s)]: 1}
        kept = rows.setdefault(tuple(row[name] for name in _KEY), row)
        if kept is not row:
            kept.update({name: kept[name] + row[name] for name in _SUMS})
    return rows.values()


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time(0), UTC)
