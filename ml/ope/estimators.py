"""The estimators by name."""

from typing import Protocol

from ml.ope.direct_method import DM
from ml.ope.doubly_robust import DR, SNDR, DRos, SwitchDR
from ml.ope.feedback import BanditFeedback
from ml.ope.importance_sampling import IPS, SNIPS, ClippedIPS
from ml.ope.terms import Terms


class Estimator(Protocol):
    """Anything that turns logged feedback into the per-round terms of a policy's value."""

    @property
    def name(self) -> str: ...

    def terms(self, feedback: BanditFeedback) -> Terms:
        """The terms of n rounds; raises ValueError when the feedback lacks what it needs."""
        ...


def estimators() -> dict[str, Estimator]:
    """Every estimator with its default hyper-parameters, by name."""
    found: list[Estimator] = [DM(), IPS(), ClippedIPS(), SNIPS()]
    found += [DR(), SNDR(), SwitchDR(), DRos()]
    return {estimator.name: estimator for estimator in found}
