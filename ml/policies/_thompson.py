"""Thompson sampling whose logged propensity is exactly what was sampled from.

The probability that a candidate is best under the posterior has no closed form. It is estimated
once per decision by Monte Carlo over the scores' joint normal, and the decision is then drawn from
that estimate, mixed with a little of the uniform: so the estimate's own error never reaches the
log. Scores live in K dimensions, so the draws cost nothing in d. The draws are the same for every
decision (common random numbers): a policy's propensities are a function of what it knows, also
when it is evaluated on the log of another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap

import numpy as np

from ml.policies._from_prior import FromPrior
from ml.policies._linear import Gaussian, explored
from oo.domain.policies import Scored
from oo.domain.statistics import Floats

_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class Thompson(FromPrior):
    """Draws weights from the posterior and takes the candidate that is best under them.

    `spread` scales the posterior's standard deviation: below 1, sampling is less eager than the
    posterior, which pays when a person reacts a few dozen times in all. `draws` is the even
    number of Monte Carlo draws, `epsilon` the share of the uniform.
    """

    spread: float = 1.0
    draws: int = 256
    epsilon: float = 0.002

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
        shares = best_shares(scores, self.spread**2 * covariance, self.draws)
        return Scored(scores, explored(shares, self.epsilon))

    def score_together(self, posteriors: Sequence[Gaussian], x: Floats) -> list[Scored]:
        z = self.embed(x)
        means = np.array([posterior.mean for posterior in posteriors])
        covariances = np.array([posterior.covariance for posterior in posteriors])
        scores = (z @ means[:, :, np.newaxis])[:, :, 0]
        covariance = z @ covariances @ z.transpose(0, 2, 1)
        shares = _best_shares_together(scores, self.spread**2 * covariance, self.draws)
        return list(starmap(Scored, zip(scores, explored(shares, self.epsilon), strict=True)))


def best_shares(means: Floats, covariance: Floats, draws: int) -> Floats:
    """How often each of K normals with `means` (K,) and `covariance` (K, K) is the largest."""
    k = len(means)
    if k == 1:
        return np.ones(1)
    padded = covariance.copy()
    padded.ravel()[:: k + 1] += _JITTER * (1.0 + covariance[0, 0])
    drawn = standard_normals(draws, k) @ np.linalg.cholesky(padded).T
    drawn += means
    shares: Floats = np.bincount(drawn.argmax(axis=1), minlength=k) / draws
    return shares


def _best_shares_together(means: Floats, covariances: Floats, draws: int) -> Floats:
    """As `best_shares`, for means (n, K) and covariances (n, K, K) of n people."""
    n, k = means.shape
    if k == 1:
        return np.ones((n, 1))
    padded = covariances.copy()
    padded.reshape(n, k * k)[:, :: k + 1] += _JITTER * (1.0 + covariances[:, :1, 0])
    drawn = standard_normals(draws, k) @ np.linalg.cholesky(padded).transpose(0, 2, 1)
    drawn += means[:, np.newaxis]
    best = drawn.argmax(axis=2) + k * np.arange(n)[:, np.newaxis]
    shares: Floats = np.bincount(best.ravel(), minlength=n * k).reshape(n, k) / draws
    return shares


@lru_cache(maxsize=256)
def standard_normals(count: int, k: int) -> Floats:
    """The same `count` (even) draws of K independent standard normals each time, (count, K).

    They come in antithetic pairs, and where `count` allows it their covariance is exactly I.
    """
    half = np.random.Generator(np.random.PCG64(k)).standard_normal((count // 2, k))
    if k <= count // 2:
        half = np.linalg.qr(half)[0] * np.sqrt(count / 2)
    normals: Floats = np.concatenate([half, -half])
    normals.setflags(write=False)  # shared by all who ask
    return normals
