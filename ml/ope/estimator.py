"""The contract of an estimator: one file in `ml/ope/estimators`, exported as ``ESTIMATOR``."""

from typing import Protocol, runtime_checkable

from ml.ope.feedback import BanditFeedback
from ml.ope.terms import Terms


@runtime_checkable
class Estimator(Protocol):
    """Anything that turns logged feedback into the per-round terms of a policy's value."""

    @property
    def name(self) -> str: ...

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The terms of n rounds; raises ValueError when the feedback lacks what it needs."""
        ...
