"""Put together: a policy's value with its interval, and the difference of two policies."""

from typing import NamedTuple

import numpy as np

from ml.ope.estimator import Estimator
from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.intervals import Clusters, Interval, IntervalMethod, StudentT, standard_error
from ml.ope.terms import Terms

RECOMMENDED: IntervalMethod = StudentT()


class Estimate(NamedTuple):
    """An estimated value in units of reward, and what to trust it by.

    `effective_sample_size` and `max_weight` are of the plain importance weights, before any
    clipping, switching or shrinkage: they tell how far the log supports the policy.
    """

    estimator: str
    value: float
    interval: Interval
    standard_error: float
    effective_sample_size: float
    n: int
    max_weight: float


class Difference(NamedTuple):
    """The value of one policy less that of another on the same rounds, in units of reward."""

    estimator: str
    value: float
    interval: Interval
    standard_error: float
    n: int


def effective_sample_size(weights: Floats) -> float:
    """(Σ w)² / Σ w² of `weights` (n,); 0 when all are 0. Kong (1992)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def evaluate(
    estimator: Estimator,
    feedback: BanditFeedback,
    *,
    method: IntervalMethod = RECOMMENDED,
    level: float = 0.95,
    clusters: Clusters | None = None,
) -> Estimate:
    """The value of the evaluation policy, with limits by `method`.

    `clusters` (n,) name what is independent, such as people; without them every round is. Raises
    ValueError when the estimator lacks something or there is too little to put limits around.
    """
    return summarise(estimator.name, estimator.terms(feedback), feedback, method, level, clusters)


def summarise(
    name: str,
    terms: Terms,
    feedback: BanditFeedback,
    method: IntervalMethod,
    level: float,
    clusters: Clusters | None,
) -> Estimate:
    """The named result of `terms` that an estimator made of `feedback`."""
    weights = feedback.weights
    return Estimate(
        name,
        terms.estimate,
        method.interval(terms, level, clusters),
        standard_error(terms, clusters),
        effective_sample_size(weights),
        len(feedback),
        float(weights.max()),
    )


def compare(
    estimator: Estimator,
    first: BanditFeedback,
    second: BanditFeedback,
    *,
    method: IntervalMethod = RECOMMENDED,
    level: float = 0.95,
    clusters: Clusters | None = None,
) -> Difference:
    """V̂(first) - V̂(second) of two policies replayed on the same log, paired round by round.

    What both share, the context and most of the noise, cancels. Raises ValueError when the logged
    actions or rewards differ.
    """
    same = np.array_equal(first.actions, second.actions) and np.array_equal(
        first.rewards, second.rewards
    )
    if not same:
        raise ValueError("a paired comparison needs the same logged rounds on both sides")
    paired = estimator.terms(first).values - estimator.terms(second).values
    terms = Terms(paired, np.zeros(len(first)), np.ones(len(first)))
    return Difference(
        estimator.name,
        terms.estimate,
        method.interval(terms, level, clusters),
        standard_error(terms, clusters),
        len(first),
    )
