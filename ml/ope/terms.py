"""What an estimator hands to intervals, slices and comparisons: its per-round terms.

Every estimator here is a mean and a ratio,

    V̂ = Σ_i b_i / n + Σ_i c_i / Σ_i m_i,

of a model part b (the baseline) and an importance-weighted part c (the correction). Unnormalised
estimators divide both by the number of rounds, m = 1; self-normalised ones divide the correction
by the weights, m = w. Both have the same jackknife and the same bootstrap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.ope.feedback import Floats


@dataclass(frozen=True, slots=True)
class Terms:
    """Baseline b, correction c and normaliser m of n rounds, each of shape (n,).

    Raises ValueError when the normaliser does not sum to more than 0: no overlap at all.
    """

    baseline: Floats
    correction: Floats
    normaliser: Floats

    def __post_init__(self) -> None:
        if not self.normaliser.sum() > 0:
            raise ValueError("the evaluation policy never takes a logged action: no overlap")

    def __len__(self) -> int:
        return len(self.baseline)

    @property
    def estimate(self) -> float:
        """V̂, in units of reward."""
        return float(estimates(self.totals().sum(axis=0)))

    @property
    def values(self) -> Floats:
        """Per-round values (n,) whose mean is V̂ and whose spread gives its standard error.

        For unnormalised estimators they are b + c. For self-normalised ones they are V̂ plus the
        influence of the round (the delta method for ratios, Owen 2013, section 9.2).
        """
        table = self.totals()
        influence: Floats = table @ gradient(table.mean(axis=0))
        return self.estimate + influence

    def totals(self, clusters: NDArray[np.generic] | None = None) -> Floats:
        """Columns b, 1, c, m summed within each of G `clusters` (n,), shape (G, 4).

        Without `clusters` every round is its own: shape (n, 4).
        """
        table = np.column_stack(
            [self.baseline, np.ones(len(self)), self.correction, self.normaliser]
        )
        if clusters is None:
            return table
        if len(clusters) != len(table):
            raise ValueError(f"clusters must have shape ({len(table)},)")
        _, index = np.unique(clusters, return_inverse=True)
        summed = np.zeros((int(index.max()) + 1, 4))
        np.add.at(summed, index, table)
        return summed


def estimates(totals: Floats) -> Floats:
    """V̂ from sums (or means) of b, 1, c, m in the last axis, shape (..., 4) -> (...)."""
    b, n, c, m = np.moveaxis(totals, -1, 0)
    ratio: Floats = _divide(b, n) + _divide(c, m)
    return ratio


def gradient(means: Floats) -> Floats:
    """∂V̂/∂(b̄, n̄, c̄, m̄) at `means` (..., 4), same shape: the weights of the delta method."""
    b, n, c, m = np.moveaxis(means, -1, 0)
    one = np.ones_like(n)
    parts = [_divide(one, n), -_divide(_divide(b, n), n), _divide(one, m)]
    return np.stack([*parts, -_divide(_divide(c, m), m)], axis=-1)


def _divide(top: Floats, bottom: Floats) -> Floats:
    """top / bottom, and 0 where there is nothing to divide by."""
    quotient: Floats = np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom > 0)
    return quotient
