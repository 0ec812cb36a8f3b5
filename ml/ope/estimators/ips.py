"""Inverse propensity scoring."""

from dataclasses import dataclass

from ml.ope.estimators._reweighting import reweighted
from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class IPS:
    """Inverse propensity scoring: E_n[w r]; unbiased, with the variance of w².

    Horvitz and Thompson (1952); for logged bandits, Strehl et al. (2010).
    """

    name: str = "ips"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms w r over 1."""
        return reweighted(feedback.weights * feedback.rewards)


ESTIMATOR = IPS()
