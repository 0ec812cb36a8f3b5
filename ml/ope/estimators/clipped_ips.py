"""IPS with weights that are cut off."""

from dataclasses import dataclass

import numpy as np

from ml.ope.estimators._reweighting import reweighted
from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class ClippedIPS:
    """IPS with weights of at most `clip` (λ): E_n[min(w, λ) r]; biased towards 0 by design.

    Ionides (2008), truncated importance sampling. Raises ValueError when λ <= 0.
    """

    clip: float = 10.0
    name: str = "clipped-ips"

    def __post_init__(self) -> None:
        if not self.clip > 0:
            raise ValueError("clip must be positive")

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms min(w, λ) r over 1."""
        return reweighted(np.minimum(feedback.weights, self.clip) * feedback.rewards)


ESTIMATOR = ClippedIPS()
