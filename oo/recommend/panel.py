"""The policy in force and its shadows (F5): all score each request, one decides."""

import logging
from collections.abc import Mapping, Sequence

from oo.domain.policy import Policy
from oo.kit.clock import Clock
from oo.recommend.learning import Choice, Learner, ScoreRequest
from oo.store.database import Database

log = logging.getLogger(__name__)


class Panel:
    """One shard's learners: a shadow that fails is left out and never holds up a tip."""

    def __init__(
        self, db: Database, clock: Clock, in_force: Policy, shadows: Sequence[Policy] = ()
    ) -> None:
        self._in_force = Learner(db, in_force, clock)
        self._shadows = [Learner(db, policy, clock) for policy in shadows]

    @property
    def in_force(self) -> Policy:
        """The policy that decides."""
        return self._in_force.policy

    @property
    def shadows(self) -> tuple[Policy, ...]:
        """The policies that only say what they would have picked."""
        return tuple(learner.policy for learner in self._shadows)

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        """One choice per request, or why that person has none; with the shadows' choices."""
        choices = await self._in_force.score(requests)
        if not self._shadows:
            return choices
        opinions = [await _opinions(learner, requests) for learner in self._shadows]
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


async def _opinions(
    learner: Learner, requests: Sequence[ScoreRequest]
) -> Sequence[Choice | Exception]:
    try:
        return await learner.score(requests)
    except Exception as error:
        log.warning("the shadow %s has no opinion: %r", learner.policy.name, error)
        return [error] * len(requests)
