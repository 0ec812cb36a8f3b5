"""ε-greedy over ridge regression: the policy in force by default."""

from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Gaussian, Linear, explored, greedy, ridge
from oo.domain.policy import Floats, Scored, Statistics

FEATURES = (
    "is_overdue",
    "task_age_days",
    "priority",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
)


@dataclass(frozen=True, slots=True)
class EpsilonGreedy(Linear):
    """Takes the best estimate; with probability `epsilon`, any candidate."""

    epsilon: float = 0.10
    penalty: float = 1.0

    def posterior(self, statistics: Statistics) -> Gaussian:
        return ridge(statistics, self.penalty)

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        scores = x @ posterior.mean + offset
        return Scored(scores, explored(greedy(scores), self.epsilon))


POLICY = EpsilonGreedy("egreedy-v1", "1", FEATURES)
