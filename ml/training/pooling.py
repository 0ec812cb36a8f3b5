"""The population prior θ_u ~ N(μ, Σ), fitted to many people's statistics by EM (empirical Bayes).

Each person's reward is r = xᵀθ_u + ε, ε ~ N(0, σ²). The E step is each person's posterior
C_u = (Σ⁻¹ + A_u/σ²)⁻¹, m_u = C_u (Σ⁻¹μ + b_u/σ²); the M step maximises over μ, Σ and σ² (Laird and
Ware 1982; for bandits reBandit, arXiv 2402.17739, and ebmTS, arXiv 2510.26284). Two things differ
from those: Σ is shrunk towards a sphere whose size is itself taken from the data, as for a
covariance from few samples (Ledoit and Wolf 2004), so that ten people are enough in sixteen
dimensions; and the uncertainty of μ is kept and belongs to the prior of somebody new.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from oo.domain.statistics import Floats, Statistics

ITERATIONS = 20


class Prior(NamedTuple):
    """What is believed of somebody new: mean (d,), covariance (d, d), noise variance.

    `mean_covariance` (d, d) is how uncertain the mean itself is.
    """

    mean: Floats
    covariance: Floats
    noise: float
    mean_covariance: Floats

    @property
    def predictive(self) -> Floats:
        """The covariance (d, d) of a new person's weights: Σ + Cov μ."""
        total: Floats = self.covariance + self.mean_covariance
        return total


class People(NamedTuple):
    """The statistics of M people, stacked: (M, d, d), (M, d), (M,), (M,)."""

    A: Floats
    b: Floats
    q: Floats
    n: Floats


class Strength(NamedTuple):
    """How much the start of a fit weighs: in imagined people (`mean`, `size`) and reactions.

    The sphere that Σ is shrunk towards weighs as much as d people.
    """

    mean: float = 1.0
    size: float = 1.0
    noise: float = 10.0


def vague(d: int, size: float = 0.3, noise: float = 0.25) -> Prior:
    """The prior before anybody was seen: weights of variance `size` around 0.

    Half of that is how people differ, half is what they have in common and nobody knows yet.
    """
    half = size / 2 * np.eye(d)
    return Prior(np.zeros(d), half, noise, half)


def stack(people: Iterable[Statistics]) -> People:
    """The statistics of those people who have reacted at all."""
    known = [one for one in people if one.n > 0]
    return People(
        np.array([one.A for one in known]),
        np.array([one.b for one in known]),
        np.array([one.q for one in known]),
        np.array([one.n for one in known]),
    )


def refit(
    start: Prior,
    people: People,
    iterations: int = ITERATIONS,
    begin: Prior | None = None,
    strength: Strength | None = None,
) -> Prior:
    """The prior after `iterations` of EM with `start` as hyperprior.

    `begin` is where the first iteration sets out from, by default `start`. A fit for production
    begins there, so that it depends on nobody but the people given: that makes unlearning exact.
    """
    prior = begin or start
    if len(people.n) == 0:
        return prior
    for _ in range(iterations):
        prior = _step(start, prior, people, strength or Strength())
    return prior


def _step(start: Prior, prior: Prior, people: People, strength: Strength) -> Prior:
    count, d = people.b.shape
    precision = np.linalg.inv(prior.covariance)
    C = np.linalg.inv(precision + people.A / prior.noise)
    shifted = precision @ prior.mean + people.b / prior.noise
    means = np.einsum("uij,uj->ui", C, shifted)
    anchor = np.linalg.inv(start.mean_covariance) / _growth(start, prior, strength.mean)
    mean_covariance = np.linalg.inv(anchor + count * precision)
    mean = mean_covariance @ (anchor @ start.mean + precision @ means.sum(axis=0))
    away = means - mean
    spread = C.sum(axis=0) + away.T @ away
    covariance = _shrunk(spread, count, np.trace(start.covariance) / d, strength.size)
    # Σ q - 2 mᵀb + tr(A (C + m mᵀ)), the expected squared residual of all reactions
    explained = np.einsum("uij,uij->", people.A, C) + np.einsum(
        "ui,ui->", means, np.einsum("uij,uj->ui", people.A, means) - 2.0 * people.b
    )
    noise = (strength.noise * start.noise + people.q.sum() + explained) / (
        strength.noise + people.n.sum()
    )
    return Prior(mean, covariance, float(noise), mean_covariance)


def _growth(start: Prior, prior: Prior, weight: float) -> float:
    """By what factor the variance of the mean is larger than `start` said, going by the mean."""
    away = prior.mean - start.mean
    precision = np.linalg.inv(start.mean_covariance)
    seen = away @ precision @ away + np.einsum("ij,ij->", precision, prior.mean_covariance)
    return float((weight + seen / len(away)) / (weight + 1.0))


def _shrunk(spread: Floats, count: int, start_size: float, weight: float) -> Floats:
    """`spread` / `count`, shrunk towards the sphere of its own size by the weight of d people."""
    d = len(spread)
    # a little of the start keeps Σ away from 0, where EM would stay for good
    size = (0.03 * weight * start_size + np.trace(spread) / d) / (weight + count)
    covariance: Floats = (d * size * np.eye(d) + spread) / (d + count)
    return covariance
