"""What linear policies share: their defaults, ridge regression, and shares of the best."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from oo.domain.policies import Contribution
from oo.domain.statistics import Floats, Statistics


class Gaussian(NamedTuple):
    """A normal belief about the weights: mean (d,) and covariance (d, d).

    `prior` (d,) is the mean before this person's reactions: the pooled share of `mean`.
    """

    mean: Floats
    covariance: Floats
    prior: Floats


@dataclass(frozen=True, slots=True)
class Linear:
    """Defaults of a policy whose reward is linear in its features: r = xᵀθ + noise."""

    name: str
    version: str
    features: tuple[str, ...]
    decay: float = 1.0

    @property
    def dimension(self) -> int:
        return len(self.features)

    @property
    def state_key(self) -> str:
        return self.name

    def embed(self, x: Floats) -> Floats:
        return x

    def explain(self, posterior: Any, x: Floats) -> tuple[Contribution, ...]:
        deviation = np.sqrt(np.diag(posterior.covariance))
        return tuple(
            Contribution(
                feature, float(value), float(mean), float(abs(value) * sd), float(prior),
                float(mean - prior),
            )
            for feature, value, mean, sd, prior in zip(
                self.features, x, posterior.mean, deviation, posterior.prior, strict=True
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ridge(Linear):
    """A linear policy that goes by ridge regression with `penalty` > 0."""

    penalty: float = 1.0

    def posterior(self, statistics: Statistics) -> Gaussian:
        return ridge(statistics, self.penalty)


def ridge(statistics: Statistics, penalty: float) -> Gaussian:
    """Regression of the reward on the features with ridge `penalty` > 0 and unit noise."""
    inverse = inverted(statistics.A + penalty * np.eye(len(statistics.b)))
    return Gaussian(inverse @ statistics.b, inverse, np.zeros(len(statistics.b)))


def inverted(matrix: Floats) -> Floats:
    """The inverse of a positive definite matrix (…, d, d)."""
    inverse: Floats = np.linalg.inv(matrix).astype(np.float64, copy=False)
    return inverse


def greedy(scores: Floats) -> Floats:
    """All probability on the best of K scores, shared evenly among exact ties."""
    best = scores == scores.max()
    share: Floats = best / best.sum()
    return share


def explored(shares: Floats, epsilon: float) -> Floats:
    """(1 − ε) · `shares` + ε / K, (…, K): no candidate is ever out of reach."""
    mixed: Floats = (1.0 - epsilon) * shares + epsilon / shares.shape[-1]
    return mixed
