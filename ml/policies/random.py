"""Uniform choice: the baseline, and what is served when ranking fails."""

from dataclasses import dataclass

import numpy as np

from oo.domain.policy import Floats, Scored, Statistics


@dataclass(frozen=True, slots=True)
class Random:
    """Every candidate with the same probability; learns nothing."""

    name: str = "random"
    version: str = "1"
    features: tuple[str, ...] = ()

    def posterior(self, statistics: Statistics) -> None:
        return None

    def score(self, posterior: None, x: Floats, rng: np.random.Generator) -> Scored:
        k = len(x)
        return Scored(np.zeros(k), np.full(k, 1.0 / k))


POLICY = Random()
