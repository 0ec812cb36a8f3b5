"""The self-normalised doubly robust estimator."""

from dataclasses import dataclass

from ml.ope.estimators._residuals import corrected
from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


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
        return corrected(feedback, weights, weights)


ESTIMATOR = SNDR()
