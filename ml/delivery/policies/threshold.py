"""A threshold that is the same for everybody: a good tip, and not too many of late.

The charge on a recent dose is Oralytics' (Trella et al. 2024, arXiv 2409.10526, equation 4): it
takes a cost off the value of speaking once the dose is above a threshold.
"""

from dataclasses import dataclass

from ml.delivery.policies._rule import Rule

FREE_DOSE = 0.0  # of the last 24 hours, in units of the feature
PER_DOSE = 1.5


@dataclass(frozen=True, slots=True)
class Threshold(Rule):
    """Speaks where the tip's worth, less the charge on the dose, is above `least`."""

    least: float = 0.8

    def advantage(self, named: dict[str, float]) -> float:
        worth = named["tip_confidence"] + 0.25 * named["pressing"] + 0.25 * named["preferred_hour"]
        charge = PER_DOSE * max(0.0, named["dose_day"] - FREE_DOSE)
        return worth - charge - self.least


POLICY = Threshold(
    "threshold", "1", ("tip_confidence", "pressing", "preferred_hour", "dose_day"), epsilon=0.02
)
