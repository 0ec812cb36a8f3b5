"""The estimator that trusts its reward model."""

from dataclasses import dataclass

import numpy as np

from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class DM:
    """Direct method: E_n[Σ_a π_e(a|x) q̂(x, a)]; no weights, but every error of q̂ stays.

    Beygelzimer and Langford (2009). Its interval covers the value only as far as q̂ is right.
    """

    name: str = "dm"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms q̂(x, π_e); raises ValueError without estimated rewards."""
        n = len(feedback)
        baseline = (feedback.evaluation * feedback.reward_model()).sum(axis=1)
        return Terms(baseline, np.zeros(n), np.ones(n))


ESTIMATOR = DM()
