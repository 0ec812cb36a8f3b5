"""One policy learning about many people, each with statistics of their own."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.simulation.tasks import Ints
from oo.domain.fold import posterior_on
from oo.domain.policies import Experience, Policy, Trainable, pick
from oo.domain.statistics import Floats, Statistics, day_weight


class Picks(NamedTuple):
    """What was taken for each person: the index and its propensity, both (P,)."""

    chosen: Ints
    propensity: Floats


class Learnt(NamedTuple):
    """A reaction that was learnt: features (d,), reward, and the day since the epoch of decay."""

    x: Floats
    reward: float
    day: int


class Learner:
    """P people's statistics under one policy; the simulation's counterpart of a bandit shard."""

    def __init__(self, policy: Policy, people: int) -> None:
        self.policy = policy
        self._log: list[list[Learnt]] = [[] for _ in range(people)]
        self._statistics = [Statistics.empty(policy.dimension) for _ in range(people)]
        self._posteriors: list[Any] = [None] * people
        self._day = 0

    def choose(self, x: Floats, seeds: NDArray[np.int64], day: int) -> Picks:
        """One candidate per person out of features (P, K, d); each repeatable from its seed."""
        self._turn_to(day)
        picks = [
            pick(self.policy, self._posterior(person), x[person], int(seed))
            for person, seed in enumerate(seeds)
        ]
        return Picks(
            np.array([one.chosen for one in picks]),
            np.array([one.propensities[one.chosen] for one in picks]),
        )

    def learn(self, person: int, learnt: Learnt) -> None:
        """Fold one reaction into a person's statistics."""
        weight = day_weight(self.policy.decay, learnt.day)
        embedded = self.policy.embed(learnt.x)
        self._statistics[person] = self._statistics[person].add(embedded, learnt.reward, weight)
        self._posteriors[person] = None
        if isinstance(self.policy, Trainable):
            self._log[person].append(learnt)

    def refit(self) -> None:
        """Fit a trainable policy to everybody's reactions so far; others have nothing to fit."""
        if not isinstance(self.policy, Trainable) or not any(self._log):
            return
        self.policy = self.policy.fit(
            {
                str(person): [_experience(self.policy, one) for one in log]
                for person, log in enumerate(self._log)
                if log
            }
        )
        self._statistics = [self._fold(log) for log in self._log]
        self._posteriors = [None] * len(self._log)

    def _fold(self, log: list[Learnt]) -> Statistics:
        """The statistics of a log under the policy as it is now; it may embed otherwise."""
        if not log:
            return Statistics.empty(self.policy.dimension)
        x = self.policy.embed(np.array([one.x for one in log]))
        rewards = np.array([one.reward for one in log])
        weights = np.array([day_weight(self.policy.decay, one.day) for one in log])
        weighted = x * weights[:, None]
        return Statistics(
            weighted.T @ x,
            weighted.T @ rewards,
            float(weights @ rewards**2),
            float(weights.sum()),
        )

    def _turn_to(self, day: int) -> None:
        if day != self._day and self.policy.decay != 1.0:
            self._posteriors = [None] * len(self._posteriors)
        self._day = day

    def _posterior(self, person: int) -> Any:
        if self._posteriors[person] is None:
            self._posteriors[person] = posterior_on(
                self.policy, self._statistics[person], self._day
            )
        return self._posteriors[person]


def _experience(policy: Policy, learnt: Learnt) -> Experience:
    features = dict(zip(policy.features, map(float, learnt.x), strict=True))
    return Experience(features, learnt.reward, learnt.day)
