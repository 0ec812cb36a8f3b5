"""Reads the tasks of connected people in the background, so that tips are made from fresh ones."""

import logging
from datetime import timedelta

from oo.domain.ports import ReadsSources
from oo.domain.signals import SOURCE_ERRORS
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.store import connections
from oo.store.database import Database

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
BATCH = 20


async def run(db: Database, clock: Clock, sources: ReadsSources) -> int:
    """Sync the people whose sources were not read for EVERY."""
    async with db.read() as connection:
        due = await connections.due_for_sync(connection, clock.now() - EVERY, BATCH)
    for user_id in due:
        try:
            await sources.sync(user_id)
        except SOURCE_ERRORS as error:
            log.info("a source was not read: %s", error.code)
    return len(due)


JOB = Job("sync", 30.0, run)
