"""Whether a log can speak for a policy at all: common support."""

import numpy as np

from ml.ope.feedback import Booleans, Floats


def unsupported_mass(logging: Floats, evaluation: Floats) -> Floats:
    """How much of π_e(·|x_i) lies where π_b is 0, shape (n,), from both tables (n, K).

    Importance weighting is biased by what these rounds would have earned there; Sachdeva, Su and
    Joachims (2020), deficient support. Raises ValueError when the shapes differ.
    """
    if logging.shape != evaluation.shape:
        raise ValueError("both policies need propensities of the same shape (n, K)")
    mass: Floats = np.where(logging > 0, 0.0, evaluation).sum(axis=1)
    return mass


def supported(logging: Floats, evaluation: Floats, tolerance: float = 0.0) -> Booleans:
    """The mask (n,) of rounds with at most `tolerance` of π_e outside the support of π_b."""
    mask: Booleans = unsupported_mass(logging, evaluation) <= tolerance
    return mask
