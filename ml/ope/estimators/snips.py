"""Self-normalised inverse propensity scoring."""

from dataclasses import dataclass

from ml.ope.estimators._reweighting import reweighted
from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class SNIPS:
    """Self-normalised IPS: E_n[w r] / E_n[w]; consistent, and indifferent to a shift of rewards.

    Swaminathan and Joachims (2015), the self-normalised estimator.
    """

    name: str = "snips"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms w r over w; raises ValueError when every weight is 0."""
        weights = feedback.weights
        return reweighted(weights * feedback.rewards, weights)


ESTIMATOR = SNIPS()
