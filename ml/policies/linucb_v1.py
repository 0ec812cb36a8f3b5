"""LinUCB: the highest upper confidence bound (Li et al. 2010, arXiv 1003.0146, algorithm 1)."""

from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Gaussian, Ridge, greedy
from oo.domain.policies import Scored
from oo.domain.statistics import Floats


@dataclass(frozen=True, slots=True)
class LinUcb(Ridge):
    """One model per person; score = xᵀθ + alpha · sqrt(xᵀ A⁻¹ x)."""

    alpha: float = 1.0

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        width = np.sqrt(np.einsum("ki,ij,kj->k", x, posterior.covariance, x))
        scores = x @ posterior.mean + self.alpha * width + offset
        return Scored(scores, greedy(scores))


POLICY = LinUcb(
    "linucb-v1", "1", ("is_overdue", "task_age_days", "priority", "hour_of_day", "day_of_week")
)
