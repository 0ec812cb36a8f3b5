"""Estimators that reweight the logged rewards and need no reward model."""

from dataclasses import dataclass

import numpy as np

from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class IPS:
    """Inverse propensity scoring: E_n[w r]; unbiased, with the variance of w².

    Horvitz and Thompson (1952); for logged bandits, Strehl et al. (2010).
    """

    name: str = "ips"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms w r over 1."""
        return _terms(feedback.weights * feedback.rewards)


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
        return _terms(np.minimum(feedback.weights, self.clip) * feedback.rewards)


@dataclass(frozen=True, slots=True)
class SNIPS:
    """Self-normalised IPS: E_n[w r] / E_n[w]; consistent, and indifferent to a shift of rewards.

    Swaminathan and Joachims (2015), the self-normalised estimator.
    """

    name: str = "snips"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms w r over w; raises ValueError when every weight is 0."""
        weights = feedback.weights
        return _terms(weights * feedback.rewards, weights)


def _terms(correction: Floats, normaliser: Floats | None = None) -> Terms:
    one = np.ones(len(correction))
    return Terms(np.zeros(len(correction)), correction, one if normaliser is None else normaliser)
