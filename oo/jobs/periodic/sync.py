"""Reads the tasks of connected people in the background, so that tips are made from fresh ones."""

import logging
from datetime import timedelta

from oo.domain.signals import SOURCE_ERRORS
from oo.jobs.contract import Job, JobServices
from oo.store import connections

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
BATCH = 20


async def run(services: JobServices) -> int:
    """Sync the people whose sources were not read for EVERY."""
    async with services.db.read() as connection:
        due = await connections.due_for_sync(connection, services.clock.now() - EVERY, BATCH)
    for user_id in due:
        try:
            await services.integrations.sync(user_id)
        except SOURCE_ERRORS as error:
            log.info("a source was not read: %s", error.code)
    return len(due)


JOB = Job("sync", 30.0, run)
