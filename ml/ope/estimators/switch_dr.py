"""DR that switches to the reward model where weights are large."""

from dataclasses import dataclass

import numpy as np

from ml.ope.estimators._residuals import corrected
from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class SwitchDR:
    """Switch-DR, ŵ = w where w <= `tau` (τ) and 0 elsewhere: DM at τ = 0, DR at τ = ∞.

    Wang, Agarwal and Dudík (2017), SWITCH with DR below it. Raises ValueError when τ < 0.
    """

    tau: float = 10.0
    name: str = "switch-dr"

    def __post_init__(self) -> None:
        if not self.tau >= 0:
            raise ValueError("tau must not be negative")

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms q̂(x, π_e) and w 1{w <= τ} (r - q̂), both over 1."""
        weights = feedback.weights
        return corrected(feedback, np.where(weights <= self.tau, weights, 0.0))


ESTIMATOR = SwitchDR()
