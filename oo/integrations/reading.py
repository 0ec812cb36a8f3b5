"""Reading a person's tasks from a source and closing them there, one call at a time."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from weakref import WeakValueDictionary

from oo.domain.signals import SOURCE_ERRORS, Access, OAuthSource, Reconnect
from oo.domain.tasks import Task
from oo.integrations import completions, reconcile
from oo.integrations.freshness import Freshness
from oo.integrations.grants import Grants
from oo.integrations.registry import ConfiguredSource
from oo.kit.clock import Clock
from oo.kit.errors import OoError
from oo.store import connections, tasks
from oo.store.connections import CONNECTED, RECONNECT
from oo.store.database import Database


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
        """Read the source unless it was read just now; whether any task changed.

        Raises Reconnect, Retry or Broken; a source that has just failed is not asked.
        """
        configured = self._sources.get(name)
        if configured is None or not isinstance(configured.source, OAuthSource):
            return False
        async with self._lock(user_id, name):
            if self._freshness.is_fresh(user_id, name):
                return False
            self._freshness.check_may_ask(user_id, name)
            access = self._grants.access(user_id, name, configured.source)
            began = self._clock.now()
            try:
                told = await configured.source.fetch(access)
                finished = await self._finished(user_id, name, configured.source, access, told)
            except SOURCE_ERRORS as error:
                await self.note_failure(user_id, name, error)
                raise
            return await self._keep(user_id, name, told, finished, began)

    async def close(self, user_id: str, task: Task) -> None:
        """Finish the task at its source. Raises Reconnect, Retry or Broken."""
        name = task.source
        configured = self._sources.get(name)
        if configured is None or not isinstance(configured.source, OAuthSource):
            return
        access = self._grants.access(user_id, name, configured.source)
        async with self._lock(user_id, name):
            self._freshness.check_may_ask(user_id, name)
            try:
                await configured.source.complete(access, task)
            except SOURCE_ERRORS as error:
                await self.note_failure(user_id, name, error)
                raise
            self._freshness.is_stale(user_id, name)

    def is_stale(self, user_id: str, name: str) -> None:
        """What was read no longer holds; a pause after a failure goes on."""
        self._freshness.is_stale(user_id, name)

    def begin_anew(self, user_id: str, name: str) -> None:
        """The source was connected or disconnected."""
        self._freshness.forget(user_id, name)

    async def note_failure(self, user_id: str, name: str, error: OoError) -> None:
        """The source failed just now: the person is told why, and it is left alone for a while."""
        status = RECONNECT if isinstance(error, Reconnect) else CONNECTED
        async with self._db.write() as connection:
            await connections.set_failed(
                connection, user_id, name, status, error.detail, self._clock.now()
            )
        self._freshness.has_failed(user_id, name, error)

    async def _finished(
        self, user_id: str, name: str, source: OAuthSource, access: Access, told: list[Task]
    ) -> dict[str, datetime]:
        async with self._db.read() as connection:
            stored = await tasks.list_of_source(connection, user_id, name)
            row = await connections.get(connection, user_id, name)
        doubtful = completions.perhaps_finished(stored, told)
        synced_at = row.synced_at if row else None
        return await completions.ask(source, access, doubtful, synced_at, self._clock.now())

    async def _keep(
        self,
        user_id: str,
        name: str,
        told: list[Task],
        finished: Mapping[str, datetime],
        began: datetime,
    ) -> bool:
        now = self._clock.now()
        async with self._db.write() as connection:
            if await connections.get(connection, user_id, name) is None:
                return False  # disconnected meanwhile: what was read is dropped
            stored = await tasks.list_of_source(connection, user_id, name)
            changes = reconcile.compare(stored, told, now)
            changed = await reconcile.apply(connection, user_id, changes)
            # what was ticked off here in the meantime is a reaction of its own
            still = completions.perhaps_finished(stored, told)
            credited = {task_id: at for task_id, at in finished.items() if task_id in still}
            news = await completions.news(connection, user_id, credited, now)
            await completions.announce(connection, user_id, news, now)
            await connections.set_synced(connection, user_id, name, began)
        self._freshness.was_read(user_id, name)
        return changed

    def _lock(self, user_id: str, name: str) -> asyncio.Lock:
        return self._locks.setdefault((user_id, name), asyncio.Lock())
