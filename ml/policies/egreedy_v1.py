"""ε-greedy over ridge regression: the policy in force by default."""

from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Gaussian, Ridge, explored, greedy
from oo.domain.policies import Scored
from oo.domain.statistics import Floats

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
class EpsilonGreedy(Ridge):
    """Takes the best estimate; with probability `epsilon`, any candidate."""

    epsilon: float = 0.10

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
