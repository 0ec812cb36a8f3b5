"""ε-greedy over ridge regression: the policy in force by default."""

from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Ridge, greedy, ridge
from oo.domain.policy import Floats, Scored, Statistics


@dataclass(frozen=True, slots=True)
class EpsilonGreedy:
    """Takes the best estimate; with probability `epsilon`, any candidate. d = 7 features."""

    epsilon: float = 0.10
    penalty: float = 1.0
    name: str = "egreedy-v1"
    version: str = "1"
    features: tuple[str, ...] = (
        "is_overdue",
        "task_age_days",
        "priority",
        "hour_sin",
        "hour_cos",
        "weekday_sin",
        "weekday_cos",
    )

    def posterior(self, statistics: Statistics) -> Ridge:
        return ridge(statistics, self.penalty)

    def score(self, posterior: Ridge, x: Floats, rng: np.random.Generator) -> Scored:
        scores = x @ posterior.theta
        explore = self.epsilon / len(x)
        return Scored(scores, (1.0 - self.epsilon) * greedy(scores) + explore)


POLICY = EpsilonGreedy()
