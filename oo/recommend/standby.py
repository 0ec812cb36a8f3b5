"""Picks for those whose shard is away: made where the request is, by the same policy and state.

A shard is away for seconds, while it starts again or is deployed anew. A pick by chance pleases
less and teaches less, and all that a better one needs is in the store: the person's state as it was
written last, and the log of what came since. Nothing is written here; a shard does that.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.policies import Policy, PolicyRef, ref_of
from oo.kit.clock import Clock
from oo.kit.metrics import STANDBY_PICKS
from oo.recommend.learner import Learner
from oo.recommend.ports import Ranker
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store.database import Database

log = logging.getLogger(__name__)

MOST_PEOPLE = 5_000  # whose states are kept while the shards are away


class FindsPolicy(Protocol):
    """Knows which policy picks."""

    async def __call__(self, connection: AsyncConnection, last: PolicyRef | None) -> Policy:
        """The one that picked last, where that is known; else the one in force."""
        ...


class Standby:
    """The shards, and this process for whomever they fail."""

    def __init__(self, shards: Ranker, db: Database, clock: Clock, find: FindsPolicy) -> None:
        self._shards = shards
        self._db = db
        self._clock = clock
        self._find = find
        self._last: PolicyRef | None = None
        self._learner: Learner | None = None
        STANDBY_PICKS.show()

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        """One pick per request; the shards' error where none can be made here either."""
        try:
            answers = list(await self._shards.score(requests))
        except Exception as error:
            answers = [error] * len(requests)
        failed = [index for index, it in enumerate(answers) if isinstance(it, Exception)]
        if not failed:
            self._learner = None  # what it knows grows old
        picked = next((it for it in reversed(answers) if isinstance(it, Choice)), None)
        if picked is not None:
            self._last = PolicyRef(picked.policy, picked.policy_version)
        if failed:
            made = await self._made([requests[index] for index in failed])
            for index, pick in zip(failed, made, strict=True):
                if isinstance(pick, Choice):
                    answers[index] = pick
                    STANDBY_PICKS.inc()
        return answers

    async def _made(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        try:
            learner = await self._ready()
            return await learner.score(requests)
        except Exception as error:
            log.warning("no pick can be made beside the shards: %r", error)
            return [error] * len(requests)

    async def _ready(self) -> Learner:
        """The learner of the policy that picks, with room for more people."""
        known = self._learner
        if known is not None and self._last not in (None, ref_of(known.policy)):
            known = None
        if known is None or known.people >= MOST_PEOPLE:
            async with self._db.read() as connection:
                policy = await self._find(connection, self._last)
            log.warning("the shards are away: %s picks in this process", ref_of(policy))
            known = self._learner = Learner(self._db, policy, self._clock)
        return known
