"""Estimators that correct a reward model by reweighted residuals: the doubly robust family.

All are E_n[q̂(x, π_e) + ŵ (r - q̂(x, a))]; they differ in the weight ŵ and in what it is divided by.
"""

from dataclasses import dataclass

import numpy as np

from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class DR:
    """Doubly robust, ŵ = w: unbiased whatever q̂ is, with little variance when q̂ is good.

    Dudík, Langford and Li (2011), equation 1.
    """

    name: str = "dr"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms q̂(x, π_e) and w (r - q̂), both over 1."""
        return _terms(feedback, feedback.weights)


@dataclass(frozen=True, slots=True)
class SNDR:
    """Self-normalised DR: the residuals are divided by the sum of their weights.

    Thomas and Brunskill (2016), weighted doubly robust, for a single step.
    """

    name: str = "sndr"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms q̂(x, π_e) over 1 and w (r - q̂) over w.

        Raises ValueError when every weight is 0.
        """
        weights = feedback.weights
        return _terms(feedback, weights, weights)


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
        return _terms(feedback, np.where(weights <= self.tau, weights, 0.0))


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
        return _terms(feedback, _shrunk(feedback.weights, self.shrink))


def _shrunk(weights: Floats, shrink: float) -> Floats:
    if np.isinf(shrink):
        return weights
    if shrink == 0:
        return np.zeros_like(weights)
    return weights / (weights**2 / shrink + 1.0)


def _terms(feedback: BanditFeedback, weights: Floats, normaliser: Floats | None = None) -> Terms:
    q_hat = feedback.reward_model()
    baseline = (feedback.evaluation * q_hat).sum(axis=1)
    correction = weights * (feedback.rewards - feedback.at_logged(q_hat))
    one = np.ones(len(feedback))
    return Terms(baseline, correction, one if normaliser is None else normaliser)
