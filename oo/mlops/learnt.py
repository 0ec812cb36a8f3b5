"""What was learnt of a person, in words: when they act, and what speaks for a tip with them."""

from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.features import REGISTRY
from oo.domain.explanations import Finding
from oo.domain.fold import posterior_on
from oo.domain.policies import Contribution
from oo.domain.profile import WINDOW
from oo.domain.rewards import Action
from oo.domain.statistics import Statistics, day_of
from oo.kit.clock import Clock
from oo.mlops.policy_lookup import choose
from oo.store import kept_profiles, models, policies
from oo.store.database import Database

LEAST = 5  # finished tips, before anything is said of their hours
MOST = 5
WEAK = 0.03  # of a reward from -1 to 1
PARTS = {"before noon": (4, 12), "in the afternoon": (12, 17), "in the evening": (17, 28)}


class Learnt:
    """See :class:`oo.domain.explanations.TellsLearnt`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def tell(self, user_id: str) -> list[Finding]:
        """What stands out, the strongest first."""
        async with self._db.read() as connection:
            hours = await self._hours(connection, user_id)
            return [*_of_hours(hours), *await self._of_model(connection, user_id)]

    async def _hours(self, connection: AsyncConnection, user_id: str) -> list[int]:
        """The local hours of the tips of late that were done."""
        person = await kept_profiles.newest(connection, user_id)
        zone = ZoneInfo(person.timezone if person else "UTC")
        since = self._clock.now() - WINDOW
        tips = await kept_profiles.history(connection, user_id, since)
        return [it.created_at.astimezone(zone).hour for it in tips if it.action == Action.DONE]

    async def _of_model(self, connection: AsyncConnection, user_id: str) -> list[Finding]:
        policy = await choose(connection, None, await policies.roles(connection))
        stored = (await models.load(connection, [user_id], policy.state_key)).get(user_id)
        if stored is None:
            return []
        statistics = Statistics.decode(stored.state)
        if len(statistics.b) != policy.dimension or statistics.n == 0:
            return []
        posterior = posterior_on(policy, statistics, day_of(self._clock.now()))
        parts = policy.explain(posterior, np.ones(len(policy.features)))
        return _of_weights(parts, stored.applied_seq)


def _of_hours(hours: list[int]) -> list[Finding]:
    if len(hours) < LEAST:
        return []
    counted = Counter(_part(hour) for hour in hours)
    part, count = counted.most_common(1)[0]
    if count * 2 <= len(hours):
        return [Finding("You act at any time of the day.", _of(counted, hours))]
    return [Finding(f"You act most {part}.", _of(counted, hours))]


def _of(counted: Counter[str], hours: list[int]) -> str:
    told = ", ".join(f"{counted[part]} {part}" for part in PARTS if counted[part])
    return f"Of {len(hours)} tips that you finished in 30 days: {told}."


def _part(hour: int) -> str:
    return next(name for name, (a, b) in PARTS.items() if a <= hour < b or a <= hour + 24 < b)


def _of_weights(parts: Iterable[Contribution], reactions: int) -> list[Finding]:
    """What counts otherwise with this person than with people at large, one line per subject."""
    strongest: dict[str, Contribution] = {}
    for part in sorted(parts, key=lambda part: -abs(part.personal)):
        if abs(part.personal) >= WEAK and part.feature != "intercept":
            strongest.setdefault(REGISTRY.words[part.feature], part)
    return [
        Finding(
            f"With you, this {'counts for' if part.personal > 0 else 'counts against'} a tip:"
            f" {words}.",
            f"{part.personal:+.2f} in the reward expected of it, after {reactions} reactions.",
        )
        for words, part in list(strongest.items())[:MOST]
    ]
