"""BanditShard: a thin shim over the learner, which holds the states of the people routed here."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TypedDict

from deployments.parts import start
from ml.policies import policies
from oo.recommend.learning import Choice, Learner, ScoreRequest

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.25


class BanditConfig(TypedDict):
    """What may change in place: the policy in force."""

    policy: str


class BanditShard:
    """Scores candidates and learns from reactions for some of the people."""

    def __init__(self) -> None:
        _, self._clock, self._db = start("bandit")
        self._policies = policies()
        self._learner: Learner | None = None
        self._flushing = asyncio.get_running_loop().create_task(self._flush_forever())

    async def reconfigure(self, config: BanditConfig) -> None:
        """Put another policy in force; an unknown one is logged and the old one stays."""
        policy = self._policies.get(config["policy"])
        if policy is None and self._learner is not None:
            log.error("no policy %r, keeping %r", config["policy"], self._learner.policy.name)
            return
        if policy is None:
            raise ValueError(f"no policy {config['policy']!r}; there are {sorted(self._policies)}")
        if self._learner is not None:
            await self._learner.flush()
        self._learner = Learner(self._db, policy, self._clock)

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        """One choice per request, or why that person has none."""
        return await self._current.score(requests)

    async def wake(self, newest: Mapping[str, int]) -> None:
        """Fold the log of these people up to the given numbers."""
        await self._current.catch_up(newest)

    async def status(self) -> str:
        """The name of the policy in force."""
        return self._current.policy.name

    @property
    def _current(self) -> Learner:
        if self._learner is None:
            raise RuntimeError("the shard has no policy yet")
        return self._learner

    async def _flush_forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            if self._learner is not None:
                await self._flush(self._learner)

    async def _flush(self, learner: Learner) -> None:
        try:
            await learner.flush()
        except Exception:
            log.exception("states could not be written; they are tried again")
