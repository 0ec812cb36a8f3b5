"""Thompson sampling whose logged propensity is exactly what was sampled from.

The probability that a candidate is best under the posterior has no closed form. It is estimated
once per decision by Monte Carlo over the scores' joint normal, and the decision is then drawn from
that estimate, mixed with a little of the uniform: so the estimate's own error never reaches the
log. Scores live in K dimensions, so the draws cost nothing in d.
"""

from dataclasses import dataclass, field

import numpy as np

from ml.policies._linear import Gaussian, Linear, explored, inverted
from ml.training.pooling import Prior, vague
from oo.domain.policy import Floats, Scored, Statistics

_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class Thompson(Linear):
    """Draws weights from the posterior and takes the candidate that is best under them.

    `spread` scales the posterior's standard deviation: below 1, sampling is less eager than the
    posterior, which pays when a person reacts a few dozen times in all. `draws` is the number of
    Monte Carlo draws (even: they come in antithetic pairs), `epsilon` the share of the uniform.
    """

    prior: Prior = field(default_factory=lambda: vague(0))
    spread: float = 1.0
    draws: int = 512
    epsilon: float = 0.005

    def posterior(self, statistics: Statistics) -> Gaussian:
        return belief(self.prior, statistics)

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        z = self.embed(x)
        scores = z @ posterior.mean + offset
        covariance = z @ posterior.covariance @ z.T
        shares = best_shares(scores, self.spread**2 * covariance, rng, self.draws)
        return Scored(scores, explored(shares, self.epsilon))


def belief(prior: Prior, statistics: Statistics) -> Gaussian:
    """The posterior of one person's weights: C = (Σ⁻¹ + A/σ²)⁻¹, m = C (Σ⁻¹μ + b/σ²)."""
    precision = inverted(prior.predictive)
    covariance = inverted(precision + statistics.A / prior.noise)
    mean = covariance @ (precision @ prior.mean + statistics.b / prior.noise)
    return Gaussian(mean, covariance, prior.mean)


def best_shares(means: Floats, covariance: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """How often each of K normals with `means` (K,) and `covariance` (K, K) is the largest."""
    k = len(means)
    if k == 1:
        return np.ones(1)
    jitter = _JITTER * (1.0 + covariance.trace())
    root = np.linalg.cholesky(covariance + jitter * np.eye(k))
    away = rng.standard_normal((draws // 2, k)) @ root.T
    best = np.concatenate([(means + away).argmax(axis=1), (means - away).argmax(axis=1)])
    shares: Floats = np.bincount(best, minlength=k) / len(best)
    return shares
