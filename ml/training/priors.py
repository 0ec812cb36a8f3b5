"""A population prior among fitted parameters."""

from collections.abc import Mapping

import numpy as np

from ml.training.pooling import Prior
from oo.domain.statistics import Floats


def arrays_of(prior: Prior) -> dict[str, Floats]:
    """The prior as `ml.training.parameters.pack` takes it."""
    return {
        "mean": prior.mean,
        "covariance": prior.covariance,
        "noise": np.array([prior.noise]),
        "mean_covariance": prior.mean_covariance,
    }


def shapes_of(d: int) -> dict[str, tuple[int, ...]]:
    """The shapes of those arrays for d weights."""
    return {"mean": (d,), "covariance": (d, d), "noise": (1,), "mean_covariance": (d, d)}


def prior_of(arrays: Mapping[str, Floats]) -> Prior:
    """The prior that is among these arrays."""
    return Prior(
        arrays["mean"],
        arrays["covariance"],
        float(arrays["noise"][0]),
        arrays["mean_covariance"],
    )
