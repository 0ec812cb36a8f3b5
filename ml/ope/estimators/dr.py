"""The doubly robust estimator."""

from dataclasses import dataclass

from ml.ope.estimators._residuals import corrected
from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@dataclass(frozen=True, slots=True)
class DR:
    """Doubly robust, ŵ = w: unbiased whatever q̂ is, with little variance when q̂ is good.

    Dudík, Langford and Li (2011), equation 1.
    """

    name: str = "dr"

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The per-round terms q̂(x, π_e) and w (r - q̂), both over 1."""
        return corrected(feedback, feedback.weights)


ESTIMATOR = DR()
