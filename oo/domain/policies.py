"""The contract of a bandit policy, and what crosses it.

A policy is stateless code over one person's :class:`Statistics`. It turns them into a posterior
(kept until the next reaction), scores K candidates, and says with what probability it takes each;
:func:`sample` then picks. So the logged propensity *is* the sampling distribution, and a decision
can be repeated from its seed.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from oo.domain.statistics import Floats, Statistics

FITTED = "."  # in a version, before the digest of the fitted parameters


class PolicyRef(NamedTuple):
    """A policy with the version of its parameters, as decisions log them."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class Scored(NamedTuple):
    """Scores and propensities of K candidates, both of shape (K,); propensities sum to 1."""

    scores: Floats
    propensities: Floats


class Contribution(NamedTuple):
    """What one feature adds to a score: `value` · `weight`, with the standard deviation of that.

    `weight` = `pooled` + `personal`: what all people who opted in have in common, and how this
    person differs.
    """

    feature: str
    value: float
    weight: float
    sd: float
    pooled: float
    personal: float

    @property
    def amount(self) -> float:
        """The summand of the score."""
        return self.value * self.weight


@runtime_checkable
class Policy(Protocol):
    """One bandit algorithm; one file in `ml/policies`, exported as ``POLICY``.

    `features` names the registry's features that make x, in order; a reaction from before a
    feature existed counts with 0 for it. `version` changes whenever the same statistics would lead
    to other propensities. `dimension` is the d of the statistics: of what :meth:`embed` returns.
    `state_key` names the stored statistics: policies that embed alike may share them. `decay` is
    the factor γ by which a reaction's weight falls per day (1: it never does).
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def features(self) -> tuple[str, ...]: ...

    @property
    def dimension(self) -> int: ...

    @property
    def state_key(self) -> str: ...

    @property
    def decay(self) -> float: ...

    def embed(self, x: Floats) -> Floats:
        """What is learnt from, (…, dimension), for features `x` of shape (…, len(features))."""
        ...

    def posterior(self, statistics: Statistics) -> Any:
        """What scoring needs, derived from the (faded) statistics alone; opaque to callers."""
        ...

    def score(
        self, posterior: Any, x: Floats, rng: np.random.Generator, offset: Floats | float = 0.0
    ) -> Scored:
        """Scores and propensities of K >= 1 candidates with features `x` (K, len(features)).

        `offset` is known in advance of each candidate's reward, (K,) or one for all: a cost.
        """
        ...

    def explain(self, posterior: Any, x: Floats) -> tuple[Contribution, ...]:
        """The summands of the expected reward of one candidate with features `x` (d,)."""
        ...


@runtime_checkable
class ScoresTogether(Protocol):
    """A policy that scores several people at once, each bit for bit as :meth:`Policy.score` does.

    On matrices as small as these NumPy spends most of its time between its own operations.
    """

    def score_together(self, posteriors: Sequence[Any], x: Floats) -> Sequence[Scored]:
        """Scores and propensities by person, for features `x` of shape (people, K, features)."""
        ...


@runtime_checkable
class Trainable(Protocol):
    """A policy with parameters that are fitted to many people's reactions (F12).

    A fitted one's version is its own, `FITTED`, and the digest of its parameters.
    """

    @property
    def state_key(self) -> str: ...

    def fit(self, people: "Mapping[str, Sequence[Experience]]") -> "Policy":
        """The same algorithm with parameters fitted to these people, who have all opted in."""
        ...

    def parameters(self) -> bytes:
        """The fitted parameters; equal bytes mean equal behaviour."""
        ...

    def with_parameters(self, data: bytes) -> "Policy":
        """The same algorithm with parameters from :meth:`parameters`; ValueError if malformed."""
        ...


def is_fitted(policy: Policy) -> bool:
    """Whether a policy's parameters come from people's reactions: its version names them."""
    return isinstance(policy, Trainable) and FITTED in policy.version


class Experience(NamedTuple):
    """One learnt reaction: features by name, the final reward, and the day (see day_of)."""

    features: Mapping[str, float]
    reward: float
    day: int


def rows(policy: Policy, experience: "Sequence[Experience]") -> Floats:
    """The features (n, len(policy.features)) of reactions, 0 where one has no such feature."""
    values = [[one.features.get(name, 0.0) for name in policy.features] for one in experience]
    return np.array(values, np.float64).reshape(len(values), len(policy.features))


def generator(seed: int) -> np.random.Generator:
    """The random numbers of one decision; the same seed gives the same ones on any machine."""
    return np.random.Generator(np.random.PCG64(seed))


def sample(propensities: Floats, rng: np.random.Generator) -> int:
    """The index drawn by inverse transform from `propensities` of shape (K,)."""
    edges = list(accumulate(propensities.tolist()))  # K is small: faster than NumPy, and equal
    return min(bisect_right(edges, rng.random() * edges[-1]), len(edges) - 1)


class Pick(NamedTuple):
    """The candidate that was drawn, with the scores and propensities (K,) of all."""

    chosen: int
    scores: Floats
    propensities: Floats


def pick(
    policy: Policy, posterior: Any, x: Floats, seed: int, offset: Floats | float = 0.0
) -> Pick:
    """Score `x` of shape (K, d) and draw one candidate; repeatable from `seed`."""
    rng = generator(seed)
    scored = policy.score(posterior, x, rng, offset)
    return Pick(sample(scored.propensities, rng), scored.scores, scored.propensities)


def pick_together(
    policy: ScoresTogether, posteriors: Sequence[Any], x: Floats, seeds: Sequence[int]
) -> list[Pick]:
    """As :func:`pick` for several people with K candidates each; `x` is (people, K, d)."""
    return [
        Pick(sample(scored.propensities, generator(seed)), scored.scores, scored.propensities)
        for seed, scored in zip(seeds, policy.score_together(posteriors, x), strict=True)
    ]


def ref_of(policy: Policy) -> PolicyRef:
    """How decisions name a policy."""
    return PolicyRef(policy.name, policy.version)
