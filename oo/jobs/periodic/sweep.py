"""Finds reactions whose wake-up was lost and wakes the shards again."""

from oo.jobs.contract import Job, JobServices
from oo.store import models

BATCH = 500


async def run(services: JobServices) -> int:
    """Wake the shards of people whose stored model is behind the log."""
    state_key = await services.shards.status()
    async with services.db.read() as connection:
        behind = await models.behind(connection, state_key, BATCH)
    for user_id, user_seq in behind.items():
        services.shards.wake(user_id, user_seq)
    return len(behind)


JOB = Job("sweep", 3.0, run)
