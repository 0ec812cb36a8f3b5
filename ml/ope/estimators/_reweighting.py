"""What estimators share that reweight the logged rewards and need no reward model."""

import numpy as np

from ml.ope.feedback import Floats
from ml.ope.terms import Terms


def reweighted(correction: Floats, normaliser: Floats | None = None) -> Terms:
    """The terms of a correction (n,) alone, over `normaliser` (n,) or 1."""
    one = np.ones(len(correction))
    return Terms(np.zeros(len(correction)), correction, one if normaliser is None else normaliser)
