"""Purges what has outlived its retention, category by category: see `oo.store.category`."""

import logging

from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.kit.setting_groups import Retention
from oo.store.category import categories
from oo.store.database import Database

log = logging.getLogger(__name__)


async def run(db: Database, clock: Clock, retention: Retention) -> int:
    """Delete what is past its time in each category.

    A slice at a time, each in a transaction of its own, so that requests come in between.
    """
    now = clock.now()
    total = 0
    for category in categories().values():
        purged = 0
        for purge in category.purges:
            gone = 1
            while gone:
                async with db.write() as connection:
                    gone = await purge(connection, now, retention)
                purged += gone
        if purged:
            log.info("retention: %d rows of %s", purged, category.name)
        total += purged
    return total


JOB = Job("retention", 24 * 3600.0, run)
