"""Erases what undoing an import needs as soon as it can no longer be undone."""

from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.store import last_imports
from oo.store.database import Database


async def run(db: Database, clock: Clock) -> int:
    """Erase some of it; how much. What is left waits for the next time."""
    async with db.write() as connection:
        return await last_imports.purge(connection, clock.now())


JOB = Job("forget-imports", 60.0, run)
