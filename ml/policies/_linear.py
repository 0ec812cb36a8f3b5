"""What the linear policies share: ridge regression on the person's statistics."""

from typing import NamedTuple

import numpy as np

from oo.domain.policy import Floats, Statistics


class Ridge(NamedTuple):
    """Mean (d,) and inverse precision (d, d) of ridge regression."""

    theta: Floats
    inverse: Floats


def ridge(statistics: Statistics, penalty: float) -> Ridge:
    """Regression of the reward on the features with ridge `penalty` > 0."""
    inverse = np.linalg.inv(statistics.A + penalty * np.eye(len(statistics.b)))
    return Ridge(inverse @ statistics.b, inverse.astype(np.float64))


def greedy(scores: Floats) -> Floats:
    """All probability on the best of K scores, shared evenly among exact ties."""
    best = scores == scores.max()
    share: Floats = best / best.sum()
    return share
