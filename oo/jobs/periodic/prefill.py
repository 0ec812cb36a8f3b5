"""Keeps the pools of recently active people filled, so that no request waits for a model."""

import asyncio
import logging
from datetime import timedelta

from oo.jobs.contract import Job, JobServices
from oo.recommend.filling import LOW_WATER
from oo.store import candidates

log = logging.getLogger(__name__)

ACTIVE = timedelta(days=30)
BATCH = 16


async def run(services: JobServices) -> int:
    """Fill the thinnest pools; a few at a time, which the engine batches."""
    now = services.clock.now()
    async with services.db.read() as connection:
        people = await candidates.people_to_fill(connection, now, now - ACTIVE, LOW_WATER, BATCH)
    fills = (services.generator.fill(user_id) for user_id in people)
    results = await asyncio.gather(*fills, return_exceptions=True)
    for user_id, result in zip(people, results, strict=True):
        if isinstance(result, Exception):
            log.warning("the pool of %s is filled later: %r", user_id, result)
    return sum(not isinstance(result, BaseException) for result in results)


JOB = Job("prefill", 2.0, run)
