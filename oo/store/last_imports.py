"""The last import of each person and source: what it changed, for as long as it can be undone.

Rows are kept as JSON: those that the import found, to put them back, and a digest of each as it
left them, to see whether anything has happened since.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Date, Table, bindparam, delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Signal, kind_of
from oo.domain.signals.kinds.task import KIND as TASK
from oo.domain.tasks import Task
from oo.store import signals as signal_store
from oo.store import tasks as task_store
from oo.store.database import PURGE_ROWS, Hot
from oo.store.kinds import Key
from oo.store.schema import UtcDateTime
from oo.store.sealing import SEALED, opened_rows, packed, sealed_rows, words_of
from oo.store.tables import last_imports, signals, tasks
from oo.store.upsert import putting

_BATCH = 200  # ids per statement: SQLite allows a limited number of bound values
_ROWS = 40  # rows per statement, of some twenty values each
_PUT = ("imported_at", "expires_at", "body", SEALED)
Row = dict[str, Any]


class LastImport(NamedTuple):
    """An import: when it was, until when it can be undone, and what it changed.

    `before` are the rows of the signals that it touched, by their key, None for one that was not
    there; `after` are digests of what it left, None for one that it removed. `announced` are ids of
    tasks whose completion it told of. `connection` is the row of the connection, if there was one.
    """

    imported_at: datetime
    expires_at: datetime
    before: Mapping[Key, Row | None]
    after: Mapping[Key, str | None]
    announced: tuple[str, ...]
    connection: Row | None


class Written(NamedTuple):
    """An import as it is kept: writing out a long one takes longer than a request may wait.

    `packed` is what :func:`oo.store.sealing.packed` made of it: of 5,000 lines 2.6 MB, which would
    keep all other writers waiting for 40 ms, become .3.
    """

    imported_at: datetime
    expires_at: datetime
    packed: bytes


# built once: each slice of a long import runs them
_ROWS_OF = {
    table: select(table).where(
        table.c.user_id == bindparam("person"), table.c.id.in_(bindparam("ids", expanding=True))
    )
    for table in (tasks, signals)
}
_LOCKED = {table: query.with_for_update() for table, query in _ROWS_OF.items()}


async def rows(
    connection: Hot, user_id: str, keys: Collection[Key], *, lock: bool = False
) -> dict[Key, Row | None]:
    """The stored rows of these signals, as JSON; locked against reactions where asked."""
    found: dict[Key, Row | None] = dict.fromkeys(keys)
    ids, queries = sorted(key.id for key in keys), _LOCKED if lock else _ROWS_OF
    for start in range(0, len(ids), _BATCH):
        asked = {"person": user_id, "ids": ids[start : start + _BATCH]}
        there = (await connection.execute(queries[tasks], asked)).mappings()
        for row in await opened_rows(connection, tasks, user_id, there):
            if (key := Key(TASK.name, row["id"])) in found:
                found[key] = _encoded(row)
        there = (await connection.execute(queries[signals], asked)).mappings()
        for row in await opened_rows(connection, signals, user_id, there):
            if (key := Key(row["kind"], row["id"])) in found:
                found[key] = _encoded(row)
    return found


def foreseen(
    user_id: str,
    before: Mapping[Key, Row | None],
    put: Sequence[Signal],
    finished: Collection[str],
    removed: Collection[str],
    now: datetime,
) -> dict[Key, Row | None]:
    """What the rows will be once all of this is written: as `rows` would then find them."""
    after = dict(before)
    for signal in put:
        key = Key(kind_of(signal).name, signal.id)
        if isinstance(signal, Task):
            row = task_store.row_of(user_id, signal, now)
            kept = after[key] or _encoded(dict.fromkeys(tasks.c.keys()))
            after[key] = {**kept, **_as_json(row)}
        elif (row := signal_store.row_of(user_id, signal, now))["expires_at"] > now:
            after[key] = _as_json(row)
    for key in (Key(TASK.name, task_id) for task_id in removed):
        after[key] = None
    for key in (Key(TASK.name, task_id) for task_id in finished):
        if (there := after[key]) is not None and there["completed_at"] is None:
            done = {"completed_at": now, "recorded_at": None}
            after[key] = {**there, **_encoded(done)}
    return after


async def restore(
    connection: AsyncConnection, user_id: str, before: Mapping[Key, Row | None]
) -> None:
    """Make the rows of these signals what they were, those that were not there included."""
    ids = sorted({key.id for key in before})
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        await connection.execute(
            delete(tasks).where(tasks.c.user_id == user_id, tasks.c.id.in_(batch))
        )
        await connection.execute(
            delete(signals).where(signals.c.user_id == user_id, signals.c.id.in_(batch))
        )
    for table, is_task in ((tasks, True), (signals, False)):
        found = [
            _decoded(table, row)
            for key, row in before.items()
            if row is not None and (key.kind == TASK.name) is is_task
        ]
        for start in range(0, len(found), _ROWS):
            some = await sealed_rows(connection, table, found[start : start + _ROWS])
            await connection.execute(insert(table), some)


def written(last: LastImport) -> Written:
    """The import as it is kept."""
    body = {
        "before": [[*key, row] for key, row in last.before.items()],
        "after": [[*key, digest] for key, digest in last.after.items()],
        "announced": list(last.announced),
        "connection": last.connection,
    }
    return Written(last.imported_at, last.expires_at, packed({"body": body}))


async def put_written(connection: Hot, user_id: str, source: str, last: Written) -> None:
    """Keep it, in place of the last one of that source."""
    told = {"imported_at": last.imported_at, "expires_at": last.expires_at}
    row = {"user_id": user_id, "source": source, **told}
    words = await words_of(connection, [user_id], make=True)
    values = words.sealed_written(last_imports, row, last.packed)
    await connection.execute(putting(connection, last_imports, _PUT), [values])


async def get(connection: AsyncConnection, user_id: str, source: str) -> LastImport | None:
    """The last import, even one whose time is over."""
    query = select(last_imports).where(
        last_imports.c.user_id == user_id, last_imports.c.source == source
    )
    rows = (await connection.execute(query)).mappings().all()
    if not rows:
        return None
    [row] = await opened_rows(connection, last_imports, user_id, rows)
    body = row["body"]
    return LastImport(
        row["imported_at"],
        row["expires_at"],
        {Key(kind, name): value for kind, name, value in body["before"]},
        {Key(kind, name): value for kind, name, value in body["after"]},
        tuple(body["announced"]),
        body["connection"],
    )


async def undoable(connection: AsyncConnection, user_id: str, now: datetime) -> dict[str, datetime]:
    """Until when the last import of each source can be undone."""
    query = select(last_imports.c.source, last_imports.c.expires_at).where(
        last_imports.c.user_id == user_id, last_imports.c.expires_at > now
    )
    return {row.source: row.expires_at for row in await connection.execute(query)}


async def remove(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Forget how to undo it."""
    await connection.execute(
        delete(last_imports).where(
            last_imports.c.user_id == user_id, last_imports.c.source == source
        )
    )


async def purge(connection: AsyncConnection, now: datetime) -> int:
    """Erase some of what can no longer be undone; how many."""
    gone = await connection.execute(
        delete(last_imports).where(
            tuple_(last_imports.c.user_id, last_imports.c.source).in_(
                select(last_imports.c.user_id, last_imports.c.source)
                .where(last_imports.c.expires_at <= now)
                .limit(PURGE_ROWS)
                .with_for_update(skip_locked=True)  # a purge never waits for a person
            )
        )
    )
    return gone.rowcount


def digest(row: Row | None) -> str | None:
    """What tells whether the row is still as it was."""
    if row is None:
        return None
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _encoded(row: Any) -> Row:
    return {f"{name}": _told(value) for name, value in row.items() if name != SEALED}


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _as_json(row: Row) -> Row:
    found: Row = orjson.loads(orjson.dumps(_encoded(row)))
    return found


def _decoded(table: Table, row: Row) -> Row:
    return {column.name: _read(column.type, row.get(column.name)) for column in table.columns}


def _read(kind: object, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
