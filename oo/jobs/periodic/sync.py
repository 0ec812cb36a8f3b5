"""Reads the tasks of connected people in the background, so that tips are made from fresh ones."""

import asyncio
import logging
from datetime import timedelta

from oo.domain.ports import FillsPools, ReadsSources
from oo.domain.signals import SOURCE_ERRORS
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.kit.scope import about
from oo.store import connections
from oo.store.database import Database

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
BATCH = 20
AT_ONCE = 4  # people; each source of one person is read after the other


async def run(db: Database, clock: Clock, sources: ReadsSources, pools: FillsPools) -> int:
    """Sync the people whose sources were not read for EVERY, the stalest first."""
    async with db.write() as connection:
        now = clock.now()
        due = await connections.due_for_sync(connection, now - EVERY, BATCH)
        # before anything can go wrong with one of them: whoever had a turn waits for the others
        await connections.note_asked(connection, due, now)
    free = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_sync(sources, pools, user_id, free) for user_id in due))
    return len(due)


async def _sync(
    sources: ReadsSources, pools: FillsPools, user_id: str, free: asyncio.Semaphore
) -> None:
    async with free:
        with about(user_id):
            try:
                if await sources.sync(user_id):
                    pools.behind(user_id)
            except SOURCE_ERRORS as error:
                log.info("a source was not read: %s", error.code)
            except Exception:  # whatever is wrong with one person, the others are read
                log.exception("their sources were not read")


JOB = Job("sync", 30.0, run)
