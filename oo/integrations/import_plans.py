"""What an import is going to change, worked out before anything is locked.

Reading a long list and what is stored of it takes more than a second of the processor. So the plan
is made beside the requests (`oo/integrations/beside.py`) and says what it was made from: whoever
writes it looks whether that is still so.
"""

import asyncio
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import LineError, Manifest, Signal, Upload, Uploads
from oo.domain.tasks import Task
from oo.integrations import reconcile, undo
from oo.integrations.sources._encodings import declared
from oo.kit.errors import NotFound, TooLarge
from oo.store import connections, kinds, last_imports, users
from oo.store.connections import ConnectionRow
from oo.store.database import Database
from oo.store.kinds import Key, Stored
from oo.store.last_imports import LastImport, Row, Written
from oo.store.users import Head

MAX_SIGNALS = 10_000  # of one person and source; a longer list would slow down everybody else's
SLICE = 25  # signals that one transaction writes: others wait for it
T = TypeVar("T")


class Upon(NamedTuple):
    """An upload to make a plan of; `written` is what an earlier plan of it has already written."""

    manifest: Manifest
    source: Uploads
    user_id: str
    filename: str
    data: bytes
    charset: str | None
    now: datetime
    written: frozenset[Key] = frozenset()


class Change(NamedTuple):
    """What an upload changes: signals to write, ids of tasks that are finished or removed."""

    put: tuple[Signal, ...] = ()
    finished: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def written(self) -> frozenset[Key]:
        """The keys of what is new or changed."""
        return frozenset(map(reconcile.key_of, self.put))

    @property
    def ended(self) -> frozenset[Key]:
        """The keys of the tasks that are open no longer."""
        return frozenset(Key("task", task_id) for task_id in self.finished | self.removed)

    @property
    def keys(self) -> frozenset[Key]:
        """The keys of all that it touches."""
        return self.written | self.ended


class Slice(NamedTuple):
    """A part of a change; `found` are digests of the rows that it was planned on."""

    change: Change
    found: Mapping[Key, str | None]


class Plan(NamedTuple):
    """What is to be written, in order, and what all of it rests upon.

    `slices` are pickled, so that who writes them reads one at a time. `row` is the connection that
    there was; `undoing` is what undoing all of it needs. `told` counts the signals in the upload,
    whose `form`, `encoding`, `languages` and `errors` the rest is.
    """

    head: Head
    row: ConnectionRow | None
    slices: tuple[bytes, ...]
    undoing: Written
    told: int
    form: str
    encoding: str
    languages: tuple[str, ...]
    errors: tuple[LineError, ...]


async def plan(db: Database, upon: Upon) -> Plan:
    """Make a plan; raises NotFound, BadRequest or TooLarge when there is none to make."""
    async with db.read() as connection:
        zone = ZoneInfo((await _head(connection, upon.user_id)).timezone)
    today = upon.now.astimezone(zone).date()
    upload = await asyncio.to_thread(_parse, upon, today)
    told = reconcile.checked(upon.manifest, upload.signals, upon.now)
    name = upon.manifest.name
    async with db.read() as connection:
        # before all that it is to speak for
        head = await _head(connection, upon.user_id)
        row = await connections.get(connection, upon.user_id, name)
        stored = await kinds.list_of_source(connection, upon.user_id, name)
        change = changes(stored, told, upload, today, zone)
        _check_room(upon.manifest, stored, change)
        before = await last_imports.rows(connection, upon.user_id, change.keys)
        earlier = None
        if upon.written:
            earlier = await last_imports.get(connection, upon.user_id, name)
    after = last_imports.foreseen(
        upon.user_id, before, change.put, change.finished, change.removed, upon.now
    )
    return Plan(
        head=head,
        row=row,
        slices=tuple(pickle.dumps(part) for part in _slices(change, before)),
        undoing=last_imports.written(_undoing(upon, change, row, before, after, earlier)),
        told=len(told),
        form=upload.form,
        encoding=upload.encoding,
        languages=upload.languages,
        errors=upload.errors,
    )


async def _head(connection: AsyncConnection, user_id: str) -> Head:
    head = (await users.heads(connection, [user_id])).get(user_id)
    if head is None:
        raise NotFound("There is no such person.")
    return head


def _slices(change: Change, before: Mapping[Key, Row | None]) -> list[Slice]:
    parts = [Change(put=tuple(part)) for part in _parts(change.put)]
    parts += [Change(finished=frozenset(part)) for part in _parts(sorted(change.finished))]
    parts += [Change(removed=frozenset(part)) for part in _parts(sorted(change.removed))]
    if len(change.keys) <= SLICE:
        parts = [change]
    return [Slice(it, {key: last_imports.digest(before[key]) for key in it.keys}) for it in parts]


def _parts(every: Sequence[T]) -> list[Sequence[T]]:
    return [every[start : start + SLICE] for start in range(0, len(every), SLICE)]


def _undoing(
    upon: Upon,
    change: Change,
    row: ConnectionRow | None,
    before: Mapping[Key, Row | None],
    after: Mapping[Key, Row | None],
    earlier: LastImport | None,
) -> LastImport:
    differ = [key for key in before if before[key] != after[key]]
    found = {key: before[key] for key in differ}
    left = {key: last_imports.digest(after[key]) for key in differ}
    announced, connection = change.finished, undo.written(row)
    if earlier is not None and earlier.imported_at == upon.now:
        # what it had written stays as it was planned: whatever happened to it since is not undone
        written = upon.written & earlier.before.keys()
        found |= {key: earlier.before[key] for key in written}
        left |= {key: earlier.after[key] for key in written}
        announced, connection = announced | set(earlier.announced), earlier.connection
    until = upon.now + undo.UNDO_FOR
    return LastImport(upon.now, until, found, left, tuple(sorted(announced)), connection)


def _check_room(manifest: Manifest, stored: Mapping[Key, Stored], change: Change) -> None:
    kept = {key for key, row in stored.items() if row.finished_at is None}
    count = len((kept - change.ended) | change.written)
    if count > MAX_SIGNALS:
        raise TooLarge(
            f"{manifest.title} would then hold {count:,} entries; oO keeps"
            f" {MAX_SIGNALS:,}. Leave out what is finished or far away."
        )


def _parse(upon: Upon, today: date) -> Upload:
    if upon.charset is None:
        return upon.source.parse(upon.filename, upon.data, today)
    text, encoding = declared(upon.data, upon.charset)
    upload = upon.source.parse(upon.filename, text.encode(), today)
    return replace(upload, encoding=encoding)


def changes(
    stored: Mapping[Key, Stored], told: Sequence[Signal], upload: Upload, today: date, zone: tzinfo
) -> Change:
    """What an upload makes of what is stored of its source.

    A task finished here stays finished, a recurring one until its next turn; one that only a list
    said to be finished is open again when a list has it as open. Of a list that names all that is
    open, what is missing is finished, unless it has only moved within the list.
    """
    put = tuple(
        signal
        for signal in told
        if _is_news(stored.get(reconcile.key_of(signal)), signal, today, zone)
    )
    open_here = {
        key.id: row.signal
        for key, row in stored.items()
        if row.finished_at is None and isinstance(row.signal, Task)
    }
    named = {signal.id for signal in told}
    fresh = {_name(signal) for signal in told if reconcile.key_of(signal) not in stored}
    missing = {
        task_id: signal
        for task_id, signal in open_here.items()
        if upload.all_of
        and task_id.startswith(upload.all_of)
        and task_id not in named
        and task_id not in upload.left_out
        and task_id not in upload.done
    }
    moved = {task_id for task_id, signal in missing.items() if _name(signal) in fresh}
    left_out = open_here.keys() & set(upload.left_out)
    finished = (open_here.keys() & set(upload.done)) | (missing.keys() - moved)
    return Change(put, frozenset(finished), frozenset(moved | left_out))


def _is_news(row: Stored | None, signal: Signal, today: date, zone: tzinfo) -> bool:
    if row is None:
        return True
    if row.finished_at is None:
        return row.signal != signal
    if row.by_source or reconcile.has_advanced(row.signal, signal):
        return True
    # which turn it is cannot be told without a day: that of an earlier day was another
    is_undated = isinstance(signal, Task) and signal.recurring and signal.due is None
    return is_undated and row.finished_at.astimezone(zone).date() < today


def _name(signal: Signal) -> str:
    return signal.title.casefold() if isinstance(signal, Task) else signal.id
