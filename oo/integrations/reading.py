"""Reading a person's signals from a source and closing tasks there, one call at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import (
    SOURCE_ERRORS,
    Access,
    Broken,
    Fetches,
    Reading,
    Reconnect,
    Retry,
    Signal,
)
from oo.domain.signals.kinds.task import KIND as TASK
from oo.domain.tasks import Task
from oo.integrations import completions, reconcile
from oo.integrations.freshness import Freshness
from oo.integrations.grants import Grants
from oo.integrations.registry import ConfiguredSource
from oo.kit.clock import Clock
from oo.kit.errors import OoError
from oo.store import connections, forget, kinds, outbox, users
from oo.store.connections import RECONNECT
from oo.store.database import Database
from oo.store.kinds import Key, Stored
from oo.store.outbox import Outcome
from oo.store.tasks import StoredTask


class Reader:
    """Speaks to the sources that people connect at a provider; leaves uploads alone."""

    def __init__(
        self, db: Database, grants: Grants, sources: Mapping[str, ConfiguredSource], clock: Clock
    ) -> None:
        self._db = db
        self._grants = grants
        self._sources = sources
        self._clock = clock
        self._freshness = Freshness(clock)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def read(self, user_id: str, name: str) -> bool:
        """Read the source unless it was read just now; whether any signal changed.

        Raises Reconnect, Retry or Broken; a source that has just failed is not asked.
        """
        configured = self._sources.get(name)
        fetches = configured.source.fetches if configured else None
        if configured is None or fetches is None:
            return False
        async with self._lock(user_id, name):
            if self._freshness.is_fresh(user_id, name):
                return False
            self._freshness.check_may_ask(user_id, name)
            try:
                told = await self._ask(user_id, configured, fetches)
            except SOURCE_ERRORS as error:
                await self.note_failure(user_id, name, error)
                raise
            return await self._keep(user_id, name, told)

    async def close(self, user_id: str, task: Task) -> None:
        """Finish the task at its source. Raises Reconnect, Retry or Broken.

        While the person is to connect again the source is not asked.
        """
        name = task.source
        configured = self._sources.get(name)
        if configured is None:
            raise Retry("The source of this task is not set up right now.")
        if configured.source.completes is None:
            return
        access = self._access(user_id, configured)
        async with self._lock(user_id, name):
            await self._check_may_close(user_id, name)
            try:
                await configured.source.completes.complete(access, task)
            except SOURCE_ERRORS as error:
                await self.note_failure(user_id, name, error)
                raise
            self._freshness.is_stale(user_id, name)

    async def _check_may_close(self, user_id: str, name: str) -> None:
        async with self._db.read() as connection:
            row = await connections.get(connection, user_id, name)
        if row is not None and row.status == RECONNECT:
            raise Reconnect(row.error or "Connect this source again.")
        try:
            self._freshness.check_may_ask(user_id, name)
        except Broken as error:  # about another task, or reading: this one was not refused
            raise Retry(error.detail) from error

    def is_stale(self, user_id: str, name: str) -> None:
        """What was read no longer holds; a pause after a failure goes on."""
        self._freshness.is_stale(user_id, name)

    def begin_anew(self, user_id: str, name: str) -> None:
        """The source was connected or disconnected."""
        self._freshness.forget(user_id, name)

    async def note_failure(self, user_id: str, name: str, error: OoError) -> None:
        """The source failed just now: the person is told why, and it is left alone for a while."""
        status = RECONNECT if isinstance(error, Reconnect) else None
        async with self._db.write() as connection:
            await connections.set_failed(
                connection, user_id, name, status, error.detail, self._clock.now()
            )
        self._freshness.has_failed(user_id, name, error)

    def _access(self, user_id: str, configured: ConfiguredSource) -> Access:
        if configured.source.connects is None:
            raise Reconnect("This source is not connected at its provider.")
        return self._grants.access(user_id, configured.manifest.name, configured.source.connects)

    async def _ask(self, user_id: str, configured: ConfiguredSource, fetches: Fetches) -> "_Told":
        source, name, began = configured.source, configured.manifest.name, self._clock.now()
        access = self._access(user_id, configured)
        async with self._db.read() as connection:
            row = await connections.get(connection, user_id, name)
        reading = await fetches.fetch(access, row.cursor if row else None)
        reading = replace(
            reading, signals=tuple(reconcile.checked(configured.manifest, reading.signals, began))
        )
        finished: dict[str, datetime] = {}
        if source.completes is not None:
            async with self._db.read() as connection:
                stored = await kinds.list_of_source(connection, user_id, name)
            there = reconcile.whole(stored, reading)
            doubtful = completions.perhaps_finished(_tasks(stored), _tasks_in(there))
            synced_at = row.synced_at if row else None
            finished = await completions.ask(
                source.completes, access, doubtful, synced_at, self._clock.now()
            )
        return _Told(reading, finished, began)

    async def _keep(self, user_id: str, name: str, told: "_Told") -> bool:
        now = self._clock.now()
        async with self._db.write() as connection:
            await users.lock(connection, [user_id])
            if await connections.get(connection, user_id, name) is None:
                return False  # disconnected meanwhile: what was read is dropped
            stored = await kinds.list_of_source(connection, user_id, name)
            there = reconcile.whole(stored, told.reading)
            closing = [
                one.task_id
                for one in await outbox.closings(connection, user_id, now - reconcile.CLOSING)
                if one.outcome in (None, Outcome.DONE)
            ]
            changes = reconcile.compare(stored, there, now, closing)
            changed = await reconcile.apply(connection, user_id, changes, now)
            await _tell(connection, user_id, name, changes, now)
            # what was ticked off here in the meantime is a reaction of its own
            still = completions.perhaps_finished(_tasks(stored), _tasks_in(there))
            credited = {task_id: at for task_id, at in told.finished.items() if task_id in still}
            news = await completions.news(connection, user_id, credited, now)
            await completions.announce(connection, user_id, news, now)
            await connections.set_synced(connection, user_id, name, told.began, told.reading.cursor)
            dropped = reconcile.dropped(stored, changes) - told.finished.keys()
            await forget.what_was_said_of_tasks(connection, user_id, dropped)
        self._freshness.was_read(user_id, name)
        return changed

    def _lock(self, user_id: str, name: str) -> asyncio.Lock:
        return self._locks.setdefault((user_id, name), asyncio.Lock())


class _Told(NamedTuple):
    """What a source told when it was asked at `began`, and which tasks were finished there."""

    reading: Reading
    finished: Mapping[str, datetime]
    began: datetime


async def _tell(
    connection: AsyncConnection, user_id: str, name: str, changes: reconcile.Changes, now: datetime
) -> None:
    put = sum(isinstance(signal, Task) for signal in changes.put)
    gone = sum(key.kind == TASK.name for key in changes.gone)
    if put or gone:
        payload = {"source": name, "put": put, "gone": gone}
        await outbox.tell(connection, user_id, outbox.TASK_SYNCED, payload, now)


def _tasks(stored: Mapping[Key, Stored]) -> dict[str, StoredTask]:
    return {
        key.id: StoredTask(row.signal, row.finished_at)
        for key, row in stored.items()
        if isinstance(row.signal, Task)
    }


def _tasks_in(signals: Sequence[Signal]) -> list[Task]:
    return [signal for signal in signals if isinstance(signal, Task)]
