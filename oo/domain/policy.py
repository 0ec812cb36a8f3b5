"""The contract of a bandit policy, and what crosses it.

A policy is stateless code over one person's :class:`Statistics`. It turns them into a posterior
(kept until the next reaction), scores K candidates, and says with what probability it takes each;
:func:`sample` then picks. So the logged propensity *is* the sampling distribution, and a decision
can be repeated from its seed.
"""

import struct
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Scored(NamedTuple):
    """Scores and propensities of K candidates, both of shape (K,); propensities sum to 1."""

    scores: Floats
    propensities: Floats


@dataclass(frozen=True, slots=True)
class Statistics:
    """Additive, prior-free sufficient statistics of one person's reactions to d features.

    `A` = Σ x xᵀ (d, d), `b` = Σ x r (d,), `q` = Σ r², `n` = number of reactions. Because they are
    sums, reactions commute, a reward can be revised exactly and a person unlearnt exactly.
    """

    A: Floats
    b: Floats
    q: float
    n: int

    @classmethod
    def empty(cls, d: int) -> "Statistics":
        """Nothing seen yet."""
        return cls(np.zeros((d, d)), np.zeros(d), 0.0, 0)

    def add(self, x: Floats, reward: float) -> "Statistics":
        """These statistics and one more reaction to features `x` of shape (d,)."""
        return Statistics(
            self.A + np.outer(x, x), self.b + reward * x, self.q + reward * reward, self.n + 1
        )

    def encode(self) -> bytes:
        """Bytes that decode to exactly these floats; equal statistics give equal bytes."""
        d = len(self.b)
        upper = self.A[np.triu_indices(d)]
        numbers = np.concatenate([upper, self.b, [self.q]]).astype("<f8")
        return struct.pack("<IQ", d, self.n) + numbers.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> "Statistics":
        """The inverse of :meth:`encode`; raises ValueError on bytes of another length."""
        if len(data) < 12:
            raise ValueError("statistics are cut short")
        d, n = struct.unpack_from("<IQ", data)
        triangle = d * (d + 1) // 2
        if len(data) != 12 + 8 * (triangle + d + 1):
            raise ValueError("statistics have another length than their dimension says")
        numbers = np.frombuffer(data, "<f8", offset=12).astype(np.float64)
        A = np.zeros((d, d))
        rows, columns = np.triu_indices(d)
        A[rows, columns] = numbers[:triangle]
        A[columns, rows] = numbers[:triangle]
        return cls(A, numbers[triangle:-1].copy(), float(numbers[-1]), n)


@runtime_checkable
class Policy(Protocol):
    """One bandit algorithm; one file in `ml/policies`, exported as ``POLICY``.

    `features` names the registry's features that make x, in order. `version` changes whenever the
    same statistics would lead to other propensities.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def features(self) -> tuple[str, ...]: ...

    def posterior(self, statistics: Statistics) -> Any:
        """What scoring needs, derived from the statistics alone; opaque to callers."""
        ...

    def score(self, posterior: Any, x: Floats, rng: np.random.Generator) -> Scored:
        """Scores and propensities of K >= 1 candidates with features `x` of shape (K, d)."""
        ...


def generator(seed: int) -> np.random.Generator:
    """The random numbers of one decision; the same seed gives the same ones on any machine."""
    return np.random.Generator(np.random.PCG64(seed))


def sample(propensities: Floats, rng: np.random.Generator) -> int:
    """The index drawn by inverse transform from `propensities` of shape (K,)."""
    edges = np.cumsum(propensities)
    drawn = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
    return min(drawn, len(propensities) - 1)


class Pick(NamedTuple):
    """The candidate that was drawn, with the scores and propensities (K,) of all."""

    chosen: int
    scores: Floats
    propensities: Floats


def pick(policy: Policy, posterior: Any, x: Floats, seed: int) -> Pick:
    """Score `x` of shape (K, d) and draw one candidate; repeatable from `seed`."""
    rng = generator(seed)
    scored = policy.score(posterior, x, rng)
    return Pick(sample(scored.propensities, rng), scored.scores, scored.propensities)
