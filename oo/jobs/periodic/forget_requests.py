"""Forgets the keys of admins' requests once nobody sends them again."""

from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.store import admin_requests
from oo.store.database import Database


async def run(db: Database, clock: Clock) -> int:
    """A slice of those that are a day old."""
    async with db.write() as connection:
        return await admin_requests.purge(connection, clock.now())


JOB = Job("forget-requests", 3600.0, run)
