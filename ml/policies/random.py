"""Uniform choice: the baseline, and what is served when ranking fails."""

from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Gaussian, Linear
from oo.domain.policies import Scored
from oo.domain.statistics import Floats, Statistics


@dataclass(frozen=True, slots=True)
class Random(Linear):
    """Every candidate with the same probability; learns nothing."""

    def posterior(self, statistics: Statistics) -> Gaussian:
        return Gaussian(np.zeros(0), np.zeros((0, 0)), np.zeros(0))

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        k = len(x)
        return Scored(np.zeros(k), np.full(k, 1.0 / k))


POLICY = Random("random", "1", ())
