"""Finds the pools that nobody was told of: the clock ended them, or a word of a change was lost.

Who changes what a pool is made from says so, and it is filled after a moment of quiet; this is the
sweep behind it.
"""

import asyncio
import logging
from datetime import timedelta

from oo.domain.ports import FillsPools
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.kit.pseudonym import mark
from oo.store import candidates
from oo.store.database import Database

log = logging.getLogger(__name__)

ACTIVE = timedelta(days=30)
BATCH = 16
SETTLED = timedelta(seconds=4)  # longer than a change is waited for that comes soon after


async def run(db: Database, clock: Clock, pools: FillsPools) -> int:
    """Fill pools that are due for a look; a few at a time, which the engine batches.

    While the model is away none is due: templates are made when somebody asks.
    """
    now = clock.now()
    async with db.read() as connection:
        people = await candidates.people_to_fill(connection, now, now - ACTIVE, BATCH, SETTLED)
    if not people or not await pools.is_ready():
        return 0
    fills = (pools.fill(user_id) for user_id in people)
    results = await asyncio.gather(*fills, return_exceptions=True)
    for user_id, result in zip(people, results, strict=True):
        if isinstance(result, Exception):
            log.warning("the pool of %s is filled later: %r", mark(user_id), result)
    return sum(not isinstance(result, BaseException) for result in results)


JOB = Job("prefill", 5.0, run)
