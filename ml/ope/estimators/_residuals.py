"""What the doubly robust family shares: a reward model corrected by reweighted residuals.

All are E_n[q̂(x, π_e) + ŵ (r - q̂(x, a))]; they differ in the weight ŵ and in what it is divided by.
"""

import numpy as np

from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.terms import Terms


def corrected(feedback: BanditFeedback, weights: Floats, normaliser: Floats | None = None) -> Terms:
    """The terms under weights ŵ (n,), the residuals over `normaliser` (n,) or 1."""
    q_hat = feedback.reward_model()
    baseline = (feedback.evaluation * q_hat).sum(axis=1)
    correction = weights * (feedback.rewards - feedback.at_logged(q_hat))
    one = np.ones(len(feedback))
    return Terms(baseline, correction, one if normaliser is None else normaliser)
