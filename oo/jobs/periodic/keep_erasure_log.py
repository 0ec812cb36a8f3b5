"""Keeps the list of erasures whole where the jobs run, which may be another host today."""

from oo.jobs.contract import Job
from oo.store import erasures
from oo.store.database import Database
from oo.store.erasure_log import Erased, ErasureLog


async def run(db: Database, log: ErasureLog) -> int:
    """Add whom another host has written down; how many those were."""
    async with db.read() as connection:
        found = await erasures.receipts(connection)
    return log.add_all(Erased(it.person, it.asked_at, it.id) for it in found)


JOB = Job("keep-erasure-log", 30.0, run)
