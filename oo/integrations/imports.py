"""Taking over what a person hands in."""

import asyncio
import pickle
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import LineError
from oo.integrations import completions
from oo.integrations.allowed import check_allowed, imply_kinds
from oo.integrations.beside import Planner
from oo.integrations.import_plans import Change, Plan, Slice, Upon
from oo.integrations.registry import ConfiguredSource
from oo.kit.clock import Clock
from oo.kit.errors import Conflict
from oo.store import connections, forget, kinds, last_imports, outbox, tasks, users
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.database import Database, Hot
from oo.store.kinds import Key
from oo.store.users import Person

MAX_FILENAME = 200
FREE_PLANS = 3  # how often a plan may be overtaken before the person is locked for the next
PAUSE_S = 0.012  # after each slice: other people's requests get their turn
_pause = asyncio.sleep


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


class Overtaken(Exception):
    """What a plan rests upon has changed."""


async def take_upload(
    db: Database,
    clock: Clock,
    configured: ConfiguredSource,
    user_id: str,
    filename: str,
    data: bytes,
    charset: str | None = None,
    planner: Planner | None = None,
) -> ImportResult:
    """Store the signals of an upload; tasks that it says are finished are finished.

    `charset` is the encoding that the sender names. Raises Conflict when the source takes no
    uploads or the person allows nothing of what it tells, BadRequest or TooLarge when nothing can
    be made of this one.
    """
    source = configured.source.uploads
    if source is None:
        raise Conflict("This source is not connected by a file.")
    await check_allowed(db, user_id, configured.manifest)
    filename, now = filename[:MAX_FILENAME], clock.now()
    upon = Upon(configured.manifest, source, user_id, filename, data, charset, now)
    taking = _Taking(db, upon)
    planner = planner or Planner(db)
    for _ in range(FREE_PLANS):
        plan = await planner.plan(upon._replace(written=frozenset(taking.written)))
        try:
            return await taking.write(plan)
        except Overtaken:
            continue
    return await taking.write_locked(planner)


@dataclass
class _Seen:
    """How the person stands if nobody else writes, and the connection that there is.

    Once somebody else has written, each further slice is compared with what it was planned on.
    """

    pool_version: int
    user_seq: int
    row: ConnectionRow | None
    is_alone: bool = True


class _Taking:
    """One upload on its way into the store, and how far it has come."""

    def __init__(self, db: Database, upon: Upon) -> None:
        self._db = db
        self._upon = upon
        self._name = upon.manifest.name
        self.written: set[Key] = set()
        self._put: set[Key] = set()
        self._finished = 0

    async def write(self, plan: Plan) -> ImportResult:
        """Write slice by slice; raises Overtaken when somebody else has written in between."""
        # locked before anything is read: a reaction of the person waits, or has been written
        user_id, head = self._upon.user_id, plan.head
        seen = _Seen(head.pool_version, head.user_seq, plan.row)
        # what undoing needs is there before the first of several slices
        parts = plan.slices if len(plan.slices) == 1 else (NOTHING, *plan.slices)
        for number, pickled in enumerate(parts):
            part: Slice = pickle.loads(pickled)  # noqa: S301 - made by this program
            first, finished = plan if number == 0 else None, 0
            if part.change.ended:
                async with self._db.write() as connection:
                    person = await users.lock_one(connection, user_id)
                    await self._look(connection, person, part, seen, first)
                    finished = await self._write(connection, part.change)
            else:
                async with self._db.write_hot() as hot:
                    person = await users.lock_one(hot, user_id)
                    await self._look(hot, person, part, seen, first)
                    await self._write_new(hot, part.change)
            seen.pool_version += bool(part.change.keys)
            self._note(part.change, finished)
            if number < len(parts) - 1:
                await _pause(PAUSE_S)
        return self._result(plan)

    async def write_locked(self, planner: Planner) -> ImportResult:
        """Plan and write in one transaction: nobody else can write in between."""
        user_id, done = self._upon.user_id, []
        async with self._db.write() as connection:
            await users.lock_one(connection, user_id)
            plan = await planner.plan(self._upon._replace(written=frozenset(self.written)))
            await self._begin(connection, plan)
            for pickled in plan.slices:
                part: Slice = pickle.loads(pickled)  # noqa: S301 - made by this program
                done.append((part.change, await self._write(connection, part.change)))
        for change, finished in done:
            self._note(change, finished)
        return self._result(plan)

    async def _look(
        self, connection: Hot, person: Person, part: Slice, seen: _Seen, first: Plan | None
    ) -> None:
        """Raise Overtaken if what is to be written has changed; begin what is the first part."""
        stands = (person.pool_version, person.user_seq)
        seen.is_alone = seen.is_alone and stands == (seen.pool_version, seen.user_seq)
        if not seen.is_alone:
            await self._compare(connection, part, seen)
        if first is not None:
            seen.row = await self._begin(connection, first)

    async def _compare(self, connection: Hot, part: Slice, seen: _Seen) -> None:
        # candidates and other sources move the head too; what is to be written decides
        there = await last_imports.rows(connection, self._upon.user_id, part.found)
        if seen.row != await connections.get(connection, self._upon.user_id, self._name) or any(
            last_imports.digest(there[key]) != digest for key, digest in part.found.items()
        ):
            raise Overtaken

    async def _begin(self, connection: Hot, plan: Plan) -> ConnectionRow:
        now, filename = self._upon.now, self._upon.filename
        row = ConnectionRow(self._name, filename, CONNECTED, None, now, now, None)
        await connections.put(connection, self._upon.user_id, row)
        await imply_kinds(connection, self._upon.user_id, self._upon.manifest, now)
        await last_imports.put_written(connection, self._upon.user_id, self._name, plan.undoing)
        return row

    async def _write_new(self, connection: Hot, change: Change) -> None:
        """As `_write`, of a change that ends nothing: most slices of a long list."""
        await kinds.put(connection, self._upon.user_id, change.put, self._upon.now)
        await self._tell(connection, change)

    async def _write(self, connection: AsyncConnection, change: Change) -> int:
        user_id, now = self._upon.user_id, self._upon.now
        await kinds.put(connection, user_id, change.put, now)
        await tasks.remove(connection, user_id, change.removed)
        finished = await tasks.mark_completed(
            connection, user_id, change.finished, now, by_source=True
        )
        # a list says that something is finished, not when: it is the first that oO hears of it
        await completions.announce(connection, user_id, dict.fromkeys(change.finished, now), now)
        await self._tell(connection, change)
        await forget.what_was_said_of_tasks(connection, user_id, change.removed)
        return finished

    async def _tell(self, connection: Hot, change: Change) -> None:
        user_id, now = self._upon.user_id, self._upon.now
        if change.keys:
            told = {"source": self._name, "put": len(change.put), "gone": len(change.removed)}
            await outbox.tell(connection, user_id, outbox.TASK_SYNCED, told, now)
            await users.note_change(connection, user_id, now)

    def _note(self, change: Change, finished: int) -> None:
        self.written |= change.keys
        self._put |= change.written
        self._finished += finished

    def _result(self, plan: Plan) -> ImportResult:
        return ImportResult(
            taken=len(self._put),
            unchanged=plan.told - len(self._put),
            finished=self._finished,
            errors=plan.errors,
            form=plan.form,
            encoding=plan.encoding,
            languages=plan.languages,
            tasks=plan.told,
            undo_until=plan.undoing.expires_at,
        )


NOTHING = pickle.dumps(Slice(Change(), {}))
