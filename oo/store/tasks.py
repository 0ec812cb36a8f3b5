"""Rows of a person's tasks, as their source last told them."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.standing import Listed
from oo.domain.tasks import Task
from oo.store.database import PURGE_ROWS, Hot
from oo.store.sealing import Stored, opened_rows, words_of
from oo.store.tables import tasks
from oo.store.upsert import putting

_FIELDS = tuple(field.name for field in fields(Task))
_COLUMNS = (*(tasks.c[name] for name in _FIELDS), tasks.c.sealed)
_PUT = (*(name for name in _FIELDS if name != "id"), "recorded_at", "completed_at", "sealed")
_BATCH = 200  # rows per statement: SQLite allows a limited number of bound values


class StoredTask(NamedTuple):
    """A task, when the person finished it, if so, and when its source told it as open and as it is.

    `recorded_at` is None of a finished task whose source told so.
    """

    task: Task
    completed_at: datetime | None
    recorded_at: datetime | None = None


def from_row(row: Stored, prefix: str = "") -> Task:
    """The task in an opened row whose columns are named as the table's, behind `prefix`."""
    values: dict[str, Any] = {name: row[prefix + name] for name in _FIELDS}
    values["labels"] = tuple(values["labels"])
    return Task(**values)


async def list_open(connection: AsyncConnection, user_id: str) -> list[Task]:
    """The person's open tasks, in a stable order."""
    rows = await connection.execute(
        select(*_COLUMNS)
        .where(tasks.c.user_id == user_id, tasks.c.completed_at.is_(None))
        .order_by(tasks.c.id)
    )
    return [from_row(row) for row in await opened_rows(connection, tasks, user_id, rows.mappings())]


_COUNT_OPEN = (
    select(tasks.c.source, func.count().label("open"))
    .where(tasks.c.user_id == bindparam("person"), tasks.c.completed_at.is_(None))
    .group_by(tasks.c.source)
)


async def count_open(connection: Hot, user_id: str) -> dict[str, int]:
    """How many tasks of the person are open, by source."""
    rows = await connection.execute(_COUNT_OPEN, {"person": user_id})
    return {row[0]: row[1] for row in rows}


# built once: every load of a person's stock runs it
_LISTS = select(tasks.c.user_id, *(tasks.c[name] for name in Listed._fields), tasks.c.sealed).where(
    tasks.c.user_id.in_(bindparam("people", expanding=True)), tasks.c.completed_at.is_(None)
)


async def lists(connection: Hot, user_ids: Collection[str]) -> dict[str, list[Listed]]:
    """All open tasks of each of these people, as far as claims about them go."""
    rows = await connection.execute(_LISTS, {"people": list(user_ids)})
    found: dict[str, list[Listed]] = {user_id: [] for user_id in user_ids}
    words = await words_of(connection, user_ids)
    for row in rows:
        user_id, task_id, _, *others, _ = row
        found[user_id].append(Listed(task_id, words.word(tasks, row, "title"), *others))
    return found


async def list_of_source(
    connection: AsyncConnection, user_id: str, source: str
) -> dict[str, StoredTask]:
    """All of the person's tasks from `source`, finished ones too, by id."""
    rows = await connection.execute(
        select(*_COLUMNS, tasks.c.completed_at, tasks.c.recorded_at).where(
            tasks.c.user_id == user_id, tasks.c.source == source
        )
    )
    return {
        row["id"]: StoredTask(from_row(row), row["completed_at"], row["recorded_at"])
        for row in await opened_rows(connection, tasks, user_id, rows.mappings())
    }


async def get(connection: AsyncConnection, user_id: str, task_id: str) -> StoredTask | None:
    """One task of the person."""
    rows = await connection.execute(
        select(*_COLUMNS, tasks.c.completed_at).where(
            tasks.c.user_id == user_id, tasks.c.id == task_id
        )
    )
    for row in await opened_rows(connection, tasks, user_id, rows.mappings()):
        return StoredTask(from_row(row), row["completed_at"])
    return None


async def titles(connection: AsyncConnection, user_id: str, ids: Collection[str]) -> dict[str, str]:
    """The titles of those of the person's tasks that there are."""
    query = select(tasks.c.id, tasks.c.title, tasks.c.sealed).where(
        tasks.c.user_id == user_id, tasks.c.id.in_(sorted(ids)[:_BATCH])
    )
    rows = (await connection.execute(query)).mappings()
    return {row["id"]: row["title"] for row in await opened_rows(connection, tasks, user_id, rows)}


async def put(
    connection: Hot,
    user_id: str,
    found: Sequence[Task],
    now: datetime | None = None,
) -> None:
    """Store the tasks as open, in place of earlier versions; `now` is when they were read."""
    if not found:
        return
    # many rows for one statement: as one statement with many rows it is compiled for a second
    put_one = putting(connection, tasks, _PUT)
    words = await words_of(connection, [user_id], make=True)
    for start in range(0, len(found), _BATCH):
        rows = [
            words.sealed(tasks, row_of(user_id, task, now))
            for task in found[start : start + _BATCH]
        ]
        await connection.execute(put_one, rows)
        await asyncio.sleep(0)  # a long list holds nobody up who only reads


def row_of(user_id: str, task: Task, now: datetime | None) -> dict[str, Any]:
    """What `put` seals and writes of a task; when it was held back is left as it is."""
    # asdict would copy each value, which takes twice the time
    told = {name: getattr(task, name) for name in _FIELDS}
    return {"user_id": user_id, "recorded_at": now, "completed_at": None, **told}


async def mark_completed(
    connection: AsyncConnection,
    user_id: str,
    ids: Collection[str],
    now: datetime,
    *,
    by_source: bool = False,
) -> int:
    """Mark those of the person's tasks that are open as finished; how many were.

    One that its source told as finished, rather than the person here, has no `recorded_at` then.
    """
    told = {"recorded_at": None} if by_source else {}
    marked = 0
    every = sorted(ids)
    for start in range(0, len(every), _BATCH):
        done = await connection.execute(
            update(tasks)
            .where(
                tasks.c.user_id == user_id,
                tasks.c.id.in_(every[start : start + _BATCH]),
                tasks.c.completed_at.is_(None),
            )
            .values(completed_at=now, **told)
        )
        marked += done.rowcount
    return marked


async def remove(connection: AsyncConnection, user_id: str, ids: Collection[str]) -> None:
    """Erase those of the person's tasks."""
    every = sorted(ids)
    for start in range(0, len(every), _BATCH):
        await connection.execute(
            delete(tasks).where(
                tasks.c.user_id == user_id, tasks.c.id.in_(every[start : start + _BATCH])
            )
        )


async def remove_source(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Erase all of the person's tasks from `source`."""
    await connection.execute(
        delete(tasks).where(tasks.c.user_id == user_id, tasks.c.source == source)
    )


async def remove_all(connection: AsyncConnection, user_id: str) -> list[str]:
    """Erase all of the person's tasks; returns the sources that had told them."""
    gone = delete(tasks).where(tasks.c.user_id == user_id).returning(tasks.c.source)
    return sorted({row.source for row in await connection.execute(gone)})


# built once: a request may wait for them
_AVAILABLE = select(tasks.c.id).where(
    tasks.c.user_id == bindparam("person"),
    tasks.c.completed_at.is_(None),
    or_(tasks.c.not_before.is_(None), tasks.c.not_before <= bindparam("now")),
)
_OPEN_ONES = (
    select(*_COLUMNS)
    .where(
        tasks.c.user_id == bindparam("person"),
        tasks.c.id.in_(bindparam("ids", expanding=True)),
        tasks.c.completed_at.is_(None),
    )
    .order_by(tasks.c.id)
)


async def available(connection: Hot, user_id: str, now: datetime) -> set[str]:
    """The ids of the open tasks that a tip may speak of now: not those snoozed or dismissed."""
    return {row.id for row in await connection.execute(_AVAILABLE, {"person": user_id, "now": now})}


async def open_ones(connection: Hot, user_id: str, ids: Collection[str]) -> list[Task]:
    """Those of the person's tasks that are open, in a stable order."""
    rows = await connection.execute(_OPEN_ONES, {"person": user_id, "ids": list(ids)})
    return [from_row(row) for row in await opened_rows(connection, tasks, user_id, rows.mappings())]


async def purge_finished(connection: AsyncConnection, before: datetime) -> int:
    """Erase everybody's tasks that were finished before `before`; how many."""
    gone = await connection.execute(
        delete(tasks).where(
            tuple_(tasks.c.user_id, tasks.c.id).in_(
                select(tasks.c.user_id, tasks.c.id)
                .where(tasks.c.completed_at < before)
                .limit(PURGE_ROWS)
                .with_for_update(skip_locked=True)  # a purge never waits for a person
            )
        )
    )
    return gone.rowcount
