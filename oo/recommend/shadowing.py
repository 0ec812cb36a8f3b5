"""The policy in force and its shadows (F5): all score each request, one decides."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from oo.domain.policies import Policy
from oo.kit.clock import Clock
from oo.recommend.learner import Choice, Learner, ScoreRequest
from oo.store.database import Database

log = logging.getLogger(__name__)

SHADOW_LIMIT_S = 0.1

Opinions = Sequence[Choice | Exception]


class ShadowedLearners:
    """One shard's learners.

    A shadow that fails or is late is left out and never holds up a tip: one that has much to fold
    goes on behind, and is asked again when it has finished.
    """

    def __init__(
        self, db: Database, clock: Clock, in_force: Policy, shadows: Sequence[Policy] = ()
    ) -> None:
        self._db = db
        self._clock = clock
        self._in_force = Learner(db, in_force, clock)
        self._shadows = [Learner(db, policy, clock) for policy in shadows]
        self._late: dict[Learner, asyncio.Task[list[Choice | Exception]]] = {}

    @property
    def in_force(self) -> Policy:
        """The policy that decides."""
        return self._in_force.policy

    @property
    def shadows(self) -> tuple[Policy, ...]:
        """The policies that only say what they would have picked."""
        return tuple(learner.policy for learner in self._shadows)

    def change(self, in_force: Policy, shadows: Sequence[Policy]) -> None:
        """Put other policies in these places; one that was here keeps what it has in memory."""
        known = {_ref(one.policy): one for one in (self._in_force, *self._shadows)}

        def learner(policy: Policy) -> Learner:
            return known.get(_ref(policy)) or Learner(self._db, policy, self._clock)

        self._in_force, self._shadows = learner(in_force), [learner(one) for one in shadows]

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        """One choice per request, or why that person has none; with the shadows' choices."""
        in_force, shadows = self._in_force, list(self._shadows)
        choices = await in_force.score(requests)
        opinions = await self._ask(shadows, requests) if shadows else []
        return [
            choice
            if isinstance(choice, Exception)
            else choice._replace(
                shadows=tuple(
                    opinion for column in opinions if isinstance(opinion := column[index], Choice)
                )
            )
            for index, choice in enumerate(choices)
        ]

    async def catch_up(self, newest: Mapping[str, int]) -> None:
        """Fold the log of these people up to the given numbers, for every policy."""
        for learner in (self._in_force, *self._shadows):
            await learner.catch_up(newest)

    async def flush(self) -> int:
        """Write the states that changed; returns how many."""
        return sum([await learner.flush() for learner in (self._in_force, *self._shadows)])

    async def _ask(
        self, shadows: Sequence[Learner], requests: Sequence[ScoreRequest]
    ) -> list[Opinions]:
        asked = {
            learner: asyncio.create_task(learner.score(requests))
            for learner in shadows
            if learner not in self._late
        }
        if not asked:
            return []
        await asyncio.wait(asked.values(), timeout=SHADOW_LIMIT_S)
        found: list[Opinions] = []
        for learner, task in asked.items():
            if not task.done():
                self._late[learner] = task
                task.add_done_callback(partial(self._no_longer_late, learner))
            elif error := task.exception():
                log.warning("the shadow %s has no opinion: %r", learner.policy.name, error)
            else:
                found.append(task.result())
        return found

    def _no_longer_late(self, learner: Learner, task: "asyncio.Task[Any]") -> None:
        del self._late[learner]
        if error := task.exception():
            log.warning("the shadow %s has no opinion: %r", learner.policy.name, error)


def _ref(policy: Policy) -> tuple[str, str]:
    return policy.name, policy.version
