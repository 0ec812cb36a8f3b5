"""Finds reactions whose wake-up was lost: wakes the shards, or folds here while one is away."""

import asyncio
import logging

from oo.domain.ports import FoldsBehind, WakesShards
from oo.jobs.contract import Job
from oo.kit.clock import Clock
from oo.kit.metrics import FOLD_OLDEST, FOLD_PEOPLE
from oo.store import models
from oo.store.database import Database

log = logging.getLogger(__name__)

BATCH = 500
ANSWERS_WITHIN_S = 1.0


async def run(db: Database, clock: Clock, shards: WakesShards, here: FoldsBehind) -> int:
    """Have the reactions folded that the stored models lack."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            state_key = await shards.status()
    except Exception as error:  # a call to one that died waits until another is there
        log.info("a shard is away, its people's reactions are folded here: %r", error)
        return await here.fold_behind(BATCH)
    async with db.read() as connection:
        behind = await models.behind(connection, state_key, BATCH)
        since = await models.behind_since(connection, state_key, behind)
    for user_id, user_seq in behind.items():
        shards.wake(user_id, user_seq)
    FOLD_PEOPLE.set(len(behind))
    FOLD_OLDEST.set((clock.now() - since).total_seconds() if since else 0.0)
    return len(behind)


JOB = Job("sweep", 3.0, run)
