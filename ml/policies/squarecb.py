"""SquareCB: inverse-gap weighting of estimates (Foster and Rakhlin 2020, arXiv 2002.04926).

Candidate a ≠ best gets 1 / (K + γ (ŝ_best − ŝ_a)), the best one the rest; γ grows with the square
root of the number of reactions (their theorem 1).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ml.policies._features import PERSONAL
from ml.policies._linear import Gaussian, Linear, ridge
from oo.domain.policies import Contribution, Scored
from oo.domain.statistics import Floats, Statistics


class Regression(NamedTuple):
    """The estimate and γ, the eagerness to follow it."""

    estimate: Gaussian
    gamma: float


@dataclass(frozen=True, slots=True)
class SquareCb(Linear):
    """Explores in proportion to how little would be lost."""

    scale: float = 20.0
    penalty: float = 1.0

    def posterior(self, statistics: Statistics) -> Regression:
        return Regression(ridge(statistics, self.penalty), self.scale * np.sqrt(1 + statistics.n))

    def score(
        self,
        posterior: Regression,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        scores = x @ posterior.estimate.mean + offset
        best = int(scores.argmax())
        propensities = 1.0 / (len(x) + posterior.gamma * (scores[best] - scores))
        propensities[best] = 0.0
        propensities[best] = 1.0 - propensities.sum()
        return Scored(scores, propensities)

    def explain(self, posterior: Any, x: Floats) -> tuple[Contribution, ...]:
        # the base of a slotted dataclass is made anew, so `super()` would miss it
        return Linear.explain(self, posterior.estimate, x)


POLICY = SquareCb("squarecb", "1", PERSONAL)
