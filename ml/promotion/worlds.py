"""Worlds in which a challenger's true gain is known: no better in many nasty ways, or better."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.ope.feedback import Booleans, Floats, Ints
from ml.promotion.evidence import Evidence
from oo.domain.rewards import MISSED_REWARD

CANDIDATES = 5
SNOOZED = 0.2
SNOOZE_REWARD = 0.1


@dataclass(frozen=True, slots=True)
class World:
    """How decisions come about; `gain` is the challenger's exact mean gain in reward.

    Both policies have a favourite among five candidates, the same one with the chance `agreement`.
    The log takes a uniformly drawn candidate with the chance `exploration`, else the favourite of
    the policy in force (or, if `foreign`, that of a third policy). The challenger takes its own
    favourite with the chance `boldness`, else does as the policy in force.

    What a person's own gain is differs between `people` by `tastes` (standard deviation, mean
    `gain`), their mood wanders by `moods`, and `drift` moves all rewards up over the log while the
    challenger is worse by `drift` in its first half and better by that in the second.

    Where the policies differ, nobody reacts to the challenger's favourite with the chance `missed`,
    for the default reward; the other times it is liked so much better that its mean stays.
    """

    name: str
    gain: float = 0.0
    people: int = 100
    agreement: float = 0.5
    exploration: float = 0.2
    boldness: float = 0.5
    foreign: bool = False
    tastes: float = 0.0
    moods: float = 0.0
    drift: float = 0.0
    missed: float = 0.0

    def evidence(self, n: int, rng: np.random.Generator) -> Evidence:
        """n decisions in time order, all of them shadowed."""
        people = rng.integers(self.people, size=n)
        ours, theirs, third = _favourites(n, self.agreement, rng)
        exploring = np.full((n, CANDIDATES), self.exploration / CANDIDATES)
        greedy = np.eye(CANDIDATES) * (1 - self.exploration)
        incumbent = exploring + greedy[theirs]
        logging = exploring + greedy[third] if self.foreign else incumbent
        challenger = self.boldness * np.eye(CANDIDATES)[ours] + (1 - self.boldness) * incumbent
        actions = _draw(logging, rng)
        mean = self._base(n, people, rng)
        advantage = self._advantage(n, people, ours != theirs, rng)
        wanted = mean + advantage * (actions == ours)
        exposed = (actions == ours) & (ours != theirs)
        rewards = self._outcomes(wanted, exposed, rng)
        features = np.stack([np.eye(CANDIDATES)[one] for one in (ours, theirs, third)], axis=2)
        everywhere, nowhere = np.ones(n, bool), np.zeros(n, bool)
        return Evidence(
            people,
            features,
            actions,
            rewards,
            rewards == -1.0,
            logging,
            challenger,
            incumbent,
            everywhere,
            nowhere,
        )

    def _outcomes(self, mean: Floats, exposed: Booleans, rng: np.random.Generator) -> Floats:
        """Rewards of that mean, some of the `exposed` ones by default."""
        if not self.missed:
            return _rewards(mean, rng)
        missed = exposed & (rng.random(len(mean)) < self.missed)
        liked = (mean - self.missed * MISSED_REWARD) / (1 - self.missed)
        found: Floats = np.where(
            missed, MISSED_REWARD, _rewards(np.where(exposed, liked, mean), rng)
        )
        return found

    def _base(self, n: int, people: Ints, rng: np.random.Generator) -> Floats:
        """What everything earns: by person, by their mood of the moment, by the time."""
        liking = self.moods * rng.standard_normal(self.people)[people]
        mood = _wandering(people, self.people, rng)
        trend = self.drift * np.linspace(-1, 1, n)
        base: Floats = np.clip(liking + self.moods * mood + trend, -0.4, 0.4)
        return base

    def _advantage(
        self, n: int, people: Ints, differ: Booleans, rng: np.random.Generator
    ) -> Floats:
        """What the challenger's favourite earns more, so that the mean gain is `gain`."""
        moved = self.boldness * (1 - self.exploration / CANDIDATES) * (1 - self.agreement)
        own = rng.choice([-self.tastes, self.tastes], size=self.people)[people]
        turning = np.where(np.arange(n) < n // 2, -self.drift, self.drift)
        found: Floats = np.where(differ, self.gain / moved + own + turning, 0.0)
        return found


NULLS = (
    World("equal"),
    World("heavy weights", exploration=0.02, boldness=0.9, agreement=0.0),
    World("few people", people=12, tastes=0.3),
    World("two people", people=2, tastes=0.3),
    World("drift", drift=0.3),
    World("moods", people=30, moods=0.3),
    World("missed", missed=0.8, agreement=0.0, boldness=0.9, exploration=1.0),
    World("foreign log", foreign=True, exploration=0.1),
    World("all of it", people=15, exploration=0.05, tastes=0.2, moods=0.3, drift=0.2),
)


def _favourites(n: int, agreement: float, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    theirs = rng.integers(CANDIDATES, size=n)
    other = (theirs + rng.integers(1, CANDIDATES, size=n)) % CANDIDATES
    ours = np.where(rng.random(n) < agreement, theirs, other)
    return ours, theirs, rng.integers(CANDIDATES, size=n)


def _draw(propensities: Floats, rng: np.random.Generator) -> Ints:
    edges = propensities.cumsum(axis=1)
    drawn: Ints = (rng.random(len(edges))[:, None] * edges[:, -1:] > edges).sum(axis=1)
    return drawn


def _wandering(people: NDArray[np.int64], count: int, rng: np.random.Generator) -> Floats:
    """A mood per decision: for each person a stationary walk with correlation 0.9."""
    mood, found = rng.standard_normal(count), np.zeros(len(people))
    steps = rng.standard_normal(len(people)) * np.sqrt(1 - 0.9**2)
    for row, person in enumerate(people.tolist()):
        mood[person] = 0.9 * mood[person] + steps[row]
        found[row] = mood[person]
    return found


def _rewards(mean: Floats, rng: np.random.Generator) -> Floats:
    """Done (1), snooze (0.1) or dismiss (-1), of that mean, which is within ±0.78."""
    done = (1 - SNOOZED + mean - SNOOZED * SNOOZE_REWARD) / 2
    drawn = rng.random(len(mean))
    rewards = np.where(drawn < done, 1.0, -1.0)
    return np.where(drawn > 1 - SNOOZED, SNOOZE_REWARD, rewards)
