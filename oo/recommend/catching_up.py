"""Folds the log of people whose shard is away, so that what they taught does not wait for it.

A shard that starts again is back in seconds; one that dies again and again never is. Whoever folds
is right: a state is a fold of the log, and the store keeps the one that has folded more.
"""

from oo.kit.clock import Clock
from oo.recommend.learner import Learner
from oo.recommend.standby import FindsPolicy
from oo.store import models
from oo.store.database import Database


class CatchingUp:
    """Folds in this process, under the policy in force, and writes."""

    def __init__(self, db: Database, clock: Clock, find: FindsPolicy) -> None:
        self._db = db
        self._clock = clock
        self._find = find

    async def fold_behind(self, limit: int) -> int:
        """Fold and write the states of so many people who lack reactions; how many they were."""
        async with self._db.read() as connection:
            policy = await self._find(connection, None)
            behind = await models.behind(connection, policy.state_key, limit)
        learner = Learner(self._db, policy, self._clock)
        await learner.catch_up(behind)
        return await learner.flush()
