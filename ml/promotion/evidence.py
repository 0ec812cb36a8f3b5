"""What is known of a challenger: logged decisions, and what both policies would have done there."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from ml.ope.feedback import Booleans, Floats, Ints
from ml.ope.policy_value import effective_sample_size
from ml.ope.support import unsupported_mass

REWARD_LOW, REWARD_HIGH = -1.0, 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """n decisions in the order in which they were made, over K (padded) candidates.

    `people` (n,) name whose decision it is, `features` (n, K, d) are all logged ones, `actions`
    (n,) the chosen candidates, `rewards` (n,) in [-1, 1], `dismissed` (n,) whether the person did;
    `logging`, `challenger` and `incumbent` (n, K) are propensities, 0 where padded. `shadowed` (n,)
    says where the challenger itself logged what it would have done, `disagrees` (n,) where that
    differs from its replay. Raises ValueError when lengths differ or a reward is out of range.
    """

    people: NDArray[np.generic]
    features: Floats
    actions: Ints
    rewards: Floats
    dismissed: Booleans
    logging: Floats
    challenger: Floats
    incumbent: Floats
    shadowed: Booleans
    disagrees: Booleans

    def __post_init__(self) -> None:
        if len({len(getattr(self, one.name)) for one in fields(self)}) != 1:
            raise ValueError("all evidence must have one entry per decision")
        if ((self.rewards < REWARD_LOW) | (self.rewards > REWARD_HIGH)).any():
            raise ValueError("rewards must lie in [-1, 1]")

    def __len__(self) -> int:
        return len(self.actions)

    @classmethod
    def nothing(cls) -> "Evidence":
        """No decision at all."""
        table, none = np.zeros((0, 1)), np.zeros(0)
        no, nobody = np.zeros(0, bool), np.zeros(0, str)
        index = np.zeros(0, np.int64)
        return cls(nobody, np.zeros((0, 1, 0)), index, none, no, table, table, table, no, no)

    def first(self, n: int) -> "Evidence":
        """What was known after the first `n` decisions."""
        return self.take(np.arange(len(self)) < n)

    def take(self, mask: Booleans) -> "Evidence":
        """The decisions that `mask` (n,) selects."""
        return replace(self, **{one.name: getattr(self, one.name)[mask] for one in fields(self)})

    @property
    def number_of_people(self) -> int:
        """How many different people decided."""
        return len(np.unique(self.people))

    @property
    def unsupported(self) -> float:
        """The share of the challenger's choices that could not have been logged."""
        return float(unsupported_mass(self.logging, self.challenger).mean()) if len(self) else 0.0

    @property
    def effective_sample_size(self) -> float:
        """Of the challenger's importance weights, (Σ w)² / Σ w²."""
        rows = np.arange(len(self))
        chosen = self.challenger[rows, self.actions] / self.logging[rows, self.actions]
        return effective_sample_size(chosen)
