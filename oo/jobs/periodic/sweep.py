"""Finds reactions whose wake-up was lost and wakes the shards again."""

from oo.domain.ports import WakesShards
from oo.jobs.contract import Job
from oo.store import models
from oo.store.database import Database

BATCH = 500


async def run(db: Database, shards: WakesShards) -> int:
    """Wake the shards of people whose stored model is behind the log."""
    state_key = await shards.status()
    async with db.read() as connection:
        behind = await models.behind(connection, state_key, BATCH)
    for user_id, user_seq in behind.items():
        shards.wake(user_id, user_seq)
    return len(behind)


JOB = Job("sweep", 3.0, run)
