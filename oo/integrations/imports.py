"""Taking over what a person hands in."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oo.domain.signals import LineError, Signal, Upload, Uploads
from oo.domain.tasks import Task
from oo.integrations import completions, reconcile
from oo.integrations.registry import ConfiguredSource
from oo.integrations.sources._encodings import declared
from oo.integrations.undo import Undoing
from oo.kit.clock import Clock
from oo.kit.errors import Conflict, NotFound, TooLarge
from oo.store import connections, forget, kinds, tasks, users
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.database import Database
from oo.store.kinds import Key, Stored

MAX_FILENAME = 200
MAX_SIGNALS = 10_000  # of one person and source; a longer list would slow down everybody else's


class ImportResult(NamedTuple):
    """What an upload brought: new or changed, unchanged, tasks finished, and lines in error.

    `form`, `encoding` and `languages` say as what it was read; `tasks` counts the open ones in it.
    It can be undone until `undo_until`.
    """

    taken: int
    unchanged: int
    finished: int
    errors: tuple[LineError, ...]
    form: str
    encoding: str
    languages: tuple[str, ...]
    tasks: int
    undo_until: datetime


class Change(NamedTuple):
    """What an upload changes: signals to write, ids of tasks that are finished or removed."""

    put: tuple[Signal, ...]
    finished: frozenset[str]
    removed: frozenset[str]

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


async def take_upload(
    db: Database,
    clock: Clock,
    configured: ConfiguredSource,
    user_id: str,
    filename: str,
    data: bytes,
    charset: str | None = None,
) -> ImportResult:
    """Store the signals of an upload; tasks that it says are finished are finished.

    `charset` is the encoding that the sender names. Raises Conflict when the source takes no
    uploads, BadRequest or TooLarge when nothing can be made of this one.
    """
    source, name, now = configured.source.uploads, configured.manifest.name, clock.now()
    if source is None:
        raise Conflict("This source is not connected by a file.")
    async with db.read() as connection:
        user = await users.get(connection, user_id)
    if user is None:
        raise NotFound("There is no such person.")
    zone = ZoneInfo(user.timezone)
    today = now.astimezone(zone).date()
    filename = filename[:MAX_FILENAME]
    upload = await asyncio.to_thread(_parse, source, filename, data, charset, today)
    told = reconcile.checked(configured.manifest, upload.signals, now)
    async with db.write() as connection:
        # before anything is read: a reaction of the same person waits, or has been written
        await users.lock(connection, [user_id])
        stored = await kinds.list_of_source(connection, user_id, name)
        change = changes(stored, told, upload, today, zone)
        _check_room(configured, stored, change)
        undoing = Undoing(connection, user_id, name, now)
        await undoing.begin(change.keys)
        await kinds.put(connection, user_id, change.put, now)
        await tasks.remove(connection, user_id, change.removed)
        finished = await tasks.mark_completed(
            connection, user_id, change.finished, now, by_source=True
        )
        # a list says that something is finished, not when: it is the first that oO hears of it
        await completions.announce(connection, user_id, dict.fromkeys(change.finished, now), now)
        row = ConnectionRow(name, filename, CONNECTED, None, now, now, None)
        await connections.put(connection, user_id, row)
        until = await undoing.end(change.finished)
        if change.keys:
            await users.bump_pool(connection, user_id)
        await forget.what_was_said_of_tasks(connection, user_id, change.removed)
    return ImportResult(
        taken=len(change.put),
        unchanged=len(told) - len(change.put),
        finished=finished,
        errors=upload.errors,
        form=upload.form,
        encoding=upload.encoding,
        languages=upload.languages,
        tasks=len(told),
        undo_until=until,
    )


def _check_room(configured: ConfiguredSource, stored: Mapping[Key, Stored], change: Change) -> None:
    kept = {key for key, row in stored.items() if row.finished_at is None}
    count = len((kept - change.ended) | change.written)
    if count > MAX_SIGNALS:
        raise TooLarge(
            f"{configured.manifest.title} would then hold {count:,} entries; oO keeps"
            f" {MAX_SIGNALS:,}. Leave out what is finished or far away."
        )


def _parse(source: Uploads, filename: str, data: bytes, charset: str | None, today: date) -> Upload:
    if charset is None:
        return source.parse(filename, data, today)
    text, encoding = declared(data, charset)
    upload = source.parse(filename, text.encode(), today)
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
