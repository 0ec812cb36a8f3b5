"""Plans of long imports, made in a process of their own, so that no request waits for one.

The process is started for the first of them, yields to the others on the machine, and ends with the
one that started it, however that ends.
"""

import asyncio
import logging
import os
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from oo.integrations.import_plans import Plan, Upon, plan
from oo.store import kinds
from oo.store.database import Database
from oo.store.sealing import Sealer

log = logging.getLogger(__name__)

LONG_BYTES = 10_000  # some 200 lines
LONG_LIST = 200  # signals that are stored of the source
NICENESS = 19


class Planner:
    """Makes plans, long ones beside this process, one at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._pool: ProcessPoolExecutor | None = None

    async def plan(self, upon: Upon) -> Plan:
        """As `import_plans.plan`; where no process can be had, in this one."""
        task = await self._pickled(upon)
        if task is not None:
            try:
                return await asyncio.wrap_future(
                    self._beside().submit(_plan, self._db.url, self._db.sealer, task)
                )
            except (BrokenProcessPool, OSError) as error:
                self._pool = None  # the next one gets another
                log.warning("a long list is read beside requests: %s", type(error).__name__)
        return await plan(self._db, upon)

    def _beside(self) -> ProcessPoolExecutor:
        if self._pool is None:
            spawn = get_context("spawn")  # a copy of this process would have its locks and threads
            self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin)
        return self._pool

    async def _pickled(self, upon: Upon) -> bytes | None:
        if not await self._is_long(upon):
            return None
        try:
            return pickle.dumps(upon)
        except (pickle.PicklingError, AttributeError, TypeError):
            return None  # a source that holds on to something of this process

    async def _is_long(self, upon: Upon) -> bool:
        if len(upon.data) > LONG_BYTES:
            return True
        async with self._db.read() as connection:
            counts = await kinds.counts(connection, upon.user_id)
        return sum(n for (name, _), n in counts.items() if name == upon.manifest.name) > LONG_LIST


def _plan(url: str, sealer: Sealer | None, task: bytes) -> Plan:
    """Runs in the other process."""

    async def made() -> Plan:
        db = Database(url, sealer)
        try:
            return await plan(db, pickle.loads(task))  # noqa: S301 - from the process that started this
        finally:
            await db.close()

    return asyncio.run(made())


def _begin() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)  # nobody waits for what it is doing
