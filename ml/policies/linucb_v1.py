"""LinUCB: the highest upper confidence bound (Li et al. 2010, arXiv 1003.0146, algorithm 1)."""

from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Ridge, greedy, ridge
from oo.domain.policy import Floats, Scored, Statistics


@dataclass(frozen=True, slots=True)
class LinUcb:
    """One model of d = 5 features per person; score = xᵀθ + alpha · sqrt(xᵀ A⁻¹ x)."""

    alpha: float = 1.0
    penalty: float = 1.0
    name: str = "linucb-v1"
    version: str = "1"
    features: tuple[str, ...] = (
        "is_overdue",
        "task_age_days",
        "priority",
        "hour_of_day",
        "day_of_week",
    )

    def posterior(self, statistics: Statistics) -> Ridge:
        return ridge(statistics, self.penalty)

    def score(self, posterior: Ridge, x: Floats, rng: np.random.Generator) -> Scored:
        width = np.sqrt(np.einsum("ki,ij,kj->k", x, posterior.inverse, x))
        scores = x @ posterior.theta + self.alpha * width
        return Scored(scores, greedy(scores))


POLICY = LinUcb()
