"""Finds reactions whose wake-up was lost and wakes the shards again."""

from oo.domain.ports import WakesShards
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.kit.metrics import FOLD_OLDEST, FOLD_PEOPLE
from oo.store import models
from oo.store.database import Database

BATCH = 500


async def run(db: Database, clock: Clock, shards: WakesShards) -> int:
    """Wake the shards of people whose stored model is behind the log."""
    state_key = await shards.status()
    async with db.read() as connection:
        behind = await models.behind(connection, state_key, BATCH)
        since = await models.behind_since(connection, state_key, behind)
    for user_id, user_seq in behind.items():
        shards.wake(user_id, user_seq)
    FOLD_PEOPLE.set(len(behind))
    FOLD_OLDEST.set((clock.now() - since).total_seconds() if since else 0.0)
    return len(behind)


JOB = Job("sweep", 3.0, run)
