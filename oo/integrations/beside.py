"""Plans of long imports, made in a process of their own, so that no request waits for one.

The process is started for the first of them, yields to the others on the machine, and ends with the
one that started it: it reads what to do from a pipe, which closes at any death.
"""

import asyncio
import logging
import os
import pickle
from pathlib import Path

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from oo.integrations.import_plans import Plan, Upon, plan
from oo.store import kinds
from oo.store.database import Database

log = logging.getLogger(__name__)

LONG_BYTES = 10_000  # some 200 lines
LONG_LIST = 200  # signals that are stored of the source
NICENESS = 10


class Planner:
    """Makes plans, long ones beside this process, one at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._one = CapacityLimiter(1)

    async def plan(self, upon: Upon) -> Plan:
        """As `import_plans.plan`; where no process can be had, in this one."""
        task = await self._pickled(upon)
        if task is not None:
            try:
                return await to_process.run_sync(
                    _plan, self._db.url, task, cancellable=True, limiter=self._one
                )
            except (BrokenWorkerProcess, OSError) as error:
                log.warning("a long list is read in this process: %s", type(error).__name__)
        return await plan(self._db, upon)

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


def _plan(url: str, task: bytes) -> Plan:
    """Runs in the other process."""
    _stand_back()

    async def made() -> Plan:
        db = Database(url)
        try:
            return await plan(db, pickle.loads(task))  # noqa: S301 - from the process that started this
        finally:
            await db.close()

    return asyncio.run(made())


def _stand_back() -> None:
    if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        # nobody reads it, and a pipe that is full would stop the work
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
