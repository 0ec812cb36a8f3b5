"""DR whose weights are shrunk towards the reward model."""

from dataclasses import dataclass

import numpy as np

from ml.ope.estimators._residuals import corrected
from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class DRos:
    """DR with optimistic shrinkage, ŵ = λ w / (w² + λ): DM at `shrink` (λ) = 0, DR at λ = ∞.

    Su et al. (2020), optimistic shrinkage. Raises ValueError when λ < 0.
    """

    shrink: float = 100.0
    name: str = "dros"

    def __post_init__(self) -> None:
        if not self.shrink >= 0:
            raise ValueError("shrink must not be negative")

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms q̂(x, π_e) and ŵ (r - q̂), both over 1."""
        return corrected(feedback, _shrunk(feedback.weights, self.shrink))


def _shrunk(weights: Floats, shrink: float) -> Floats:
    if np.isinf(shrink):
        return weights
    if shrink == 0:
        return np.zeros_like(weights)
    return weights / (weights**2 / shrink + 1.0)


ESTIMATOR = DRos()
