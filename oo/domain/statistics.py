"""What is kept of a person's reactions: additive, prior-free sufficient statistics."""

import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


MOST_NEPERS = 600.0  # of inflation; sums of many reactions must stay finite, too
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Additive, prior-free sufficient statistics of one person's reactions to d features.

    `A` = Σ w x xᵀ (d, d), `b` = Σ w x r (d,), `q` = Σ w r², `n` = Σ w, with weight w = 1 unless old
    reactions fade (see :func:`day_weight`). Because they are sums, reactions commute, a reward can
    be revised exactly and a person unlearnt exactly.
    """

    A: Floats
    b: Floats
    q: float
    n: float

    @classmethod
    def empty(cls, d: int) -> "Statistics":
        """Nothing seen yet."""
        return cls(np.zeros((d, d)), np.zeros(d), 0.0, 0.0)

    def add(self, x: Floats, reward: float, weight: float = 1.0) -> "Statistics":
        """These statistics and one more reaction to features `x` of shape (d,)."""
        # weighted after the product, which is exactly symmetric: A is stored by its upper half
        return Statistics(
            self.A + weight * np.outer(x, x),
            self.b + (weight * reward) * x,
            self.q + weight * reward * reward,
            self.n + weight,
        )

    def revise(self, x: Floats, old: float, new: float, weight: float = 1.0) -> "Statistics":
        """These statistics with the reward of an earlier reaction to `x` replaced."""
        return Statistics(
            self.A,
            self.b + (weight * (new - old)) * x,
            self.q + weight * (new * new - old * old),
            self.n,
        )

    def scaled(self, factor: float) -> "Statistics":
        """Every reaction's weight times `factor`."""
        if factor == 1.0:
            return self
        return Statistics(self.A * factor, self.b * factor, self.q * factor, self.n * factor)

    def encode(self) -> bytes:
        """Bytes that decode to exactly these floats; equal statistics give equal bytes."""
        d = len(self.b)
        upper = self.A[_upper(d)]
        numbers = np.concatenate([upper, self.b, [self.q, self.n]]).astype("<f8")
        return struct.pack("<I", d) + numbers.tobytes()

    @classmethod
    def decode(cls, data: bytes) -> "Statistics":
        """The inverse of :meth:`encode`; raises ValueError on bytes of another length."""
        if len(data) < 4:
            raise ValueError("statistics are cut short")
        (d,) = struct.unpack_from("<I", data)
        triangle = d * (d + 1) // 2
        if len(data) != 4 + 8 * (triangle + d + 2):
            raise ValueError("statistics have another length than their dimension says")
        numbers = np.frombuffer(data, "<f8", offset=4).astype(np.float64)
        A = np.zeros((d, d))
        rows, columns = _upper(d)
        A[rows, columns] = numbers[:triangle]
        A[columns, rows] = numbers[:triangle]
        return cls(A, numbers[triangle:-2].copy(), float(numbers[-2]), float(numbers[-1]))


@lru_cache(maxsize=64)
def _upper(d: int) -> tuple[Places, Places]:
    """The places of the upper half: to find them takes longer than to use them."""
    rows, columns = np.triu_indices(d)
    rows.setflags(write=False)
    columns.setflags(write=False)
    return rows, columns


def day_of(at: datetime) -> int:
    """Whole days from the epoch of decay to `at`, an aware instant."""
    return (at - EPOCH).days


def day_weight(decay: float, day: int) -> float:
    """The weight under which a reaction of `day` is added when γ = `decay` per day.

    Statistics are kept inflated to the epoch, w = γ^-day, and deflated by γ^today when they are
    used: so a sum never has to be rewritten as time goes by, and reactions still commute. At
    γ = 0.98 eighty years stay within a float's range; a day beyond counts as the last one within.
    """
    if decay == 1.0:
        return 1.0
    last = int(MOST_NEPERS / -math.log(decay))
    return float(decay ** -min(max(day, -last), last))
