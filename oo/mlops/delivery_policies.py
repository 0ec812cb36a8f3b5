"""The delivery policy in force, and the prior that is fitted for it to those who agreed."""

from datetime import timedelta

from ml.delivery.policies import delivery_policies
from oo.domain.policies import FITTED, Policy, PolicyRef, Trainable
from oo.kit.clock import Clock
from oo.kit.errors import ConfigurationError
from oo.store import delivery_rewards
from oo.store.database import Database
from oo.store.delivery_rewards import FittedPrior

LEAST_PEOPLE = 10
LEARNT_FROM = timedelta(days=60)
MOST_OUTCOMES = 2_000_000
FRESH_FOR = timedelta(minutes=10)


class ForceOf:
    """The policy that the settings name, with the newest prior that was fitted for it."""

    def __init__(self, db: Database, clock: Clock, name: str) -> None:
        known = delivery_policies()
        if name not in known:
            raise ConfigurationError(
                f"OO_DELIVERY__POLICY: there is no delivery policy {name!r};"
                f" there are {', '.join(known)}."
            )
        self._db = db
        self._clock = clock
        self._base = known[name]
        self._found = self._base
        self._looked = float("-inf")

    async def in_force(self) -> Policy:
        """The policy that decides now; a new prior is taken over within ten minutes."""
        now = self._clock.monotonic()
        if now - self._looked > FRESH_FOR.total_seconds() and isinstance(self._base, Trainable):
            async with self._db.read() as connection:
                fitted = await delivery_rewards.find_prior(connection, self._base.name)
            self._found = _with(self._base, fitted) if fitted else self._base
            self._looked = now
        return self._found

    async def fit(self) -> int:
        """Fit the prior to the outcomes of all who agreed to pooling; to how many people.

        0, and the prior that is shipped stays, with fewer than LEAST_PEOPLE.
        """
        base = self._base
        if not isinstance(base, Trainable):
            return 0
        now = self._clock.now()
        async with self._db.read() as connection:
            people = await delivery_rewards.pooled(connection, now - LEARNT_FROM, MOST_OUTCOMES)
        if len(people) < LEAST_PEOPLE:
            return 0
        fitted = base.fit(people)
        if not isinstance(fitted, Trainable):
            raise TypeError("a fitted policy can be fitted again")
        kept = FittedPrior(fitted.name, fitted.version, fitted.parameters(), len(people), now)
        async with self._db.write() as connection:
            await delivery_rewards.add_prior(connection, kept)
        self._looked = float("-inf")
        return len(people)


async def find_policy(db: Database, ref: PolicyRef) -> Policy:
    """The delivery policy of that name and version. Raises ValueError for one that is gone."""
    current = delivery_policies().get(ref.name)
    if current is None:
        raise ValueError(f"there is no delivery policy {ref.name!r}")
    # what earlier versions decided is drawn again by them
    known: list[Policy] = [current, *getattr(current, "earlier", ())]
    if ref.version in (versions := {it.version: it for it in known}):
        return versions[ref.version]
    trainable = [it for it in known if isinstance(it, Trainable)]
    if FITTED in ref.version and trainable:
        async with db.read() as connection:
            fitted = await delivery_rewards.find_prior(connection, ref.name, ref.version)
        if fitted is not None:
            made = {it.version: it for it in (_with(base, fitted) for base in trainable)}
            if ref.version in made:
                return made[ref.version]
    raise ValueError(f"there is no {ref} any more")


def _with(base: Trainable, fitted: FittedPrior) -> Policy:
    try:
        return base.with_parameters(fitted.parameters)
    except ValueError:  # of a release with other features
        if isinstance(base, Policy):
            return base
        raise
