"""Confidence intervals from a closed form: Student's t and the empirical Bernstein bound."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.ope.feedback import Floats
from ml.ope.quantiles import student_quantile
from ml.ope.terms import Terms, estimates

Clusters = NDArray[np.generic]


class Interval(NamedTuple):
    """Two-sided limits in units of reward, and the confidence level they claim."""

    lower: float
    upper: float
    level: float


class IntervalMethod(Protocol):
    """A way to put limits around an estimate.

    `clusters` (n,) name what is independent (the people); without them every round is.
    """

    @property
    def name(self) -> str: ...

    def interval(
        self, terms: Terms, level: float = 0.95, clusters: Clusters | None = None
    ) -> Interval:
        """The limits; raises ValueError on fewer than two rounds or clusters."""
        ...


def pseudo_values(terms: Terms, clusters: Clusters | None = None) -> Floats:
    """The jackknife pseudo-values (G,) of the G independent rounds or clusters.

    Their mean is V̂ up to the ratio bias of order 1/G, and leaving each out in turn accounts for
    the pull that a round of large weight has on a self-normalised estimate. Unnormalised over
    rounds they are b + c. Efron and Tibshirani (1993), chapter 11. Raises ValueError when G < 2.
    """
    totals = terms.totals(clusters)
    groups = len(totals)
    if groups < 2:
        raise ValueError("an interval needs at least two independent rounds or clusters")
    whole = totals.sum(axis=0)
    values: Floats = groups * estimates(whole) - (groups - 1) * estimates(whole - totals)
    return values


def standard_error(terms: Terms, clusters: Clusters | None = None) -> float:
    """The jackknife standard error of the estimate, robust to dependence within clusters."""
    values = pseudo_values(terms, clusters)
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def degrees_of_freedom(values: Floats) -> int:
    """How many degrees of freedom the variance of `values` (G,) is worth, from 1 to G - 1.

    Satterthwaite's 2 E(s²)² / Var(s²) with Var(s²) from the observed kurtosis: G - 1 for normal
    values, fewer when a handful of large weights make up the variance. Pan and Wall (2002).
    """
    squares = (values - values.mean()) ** 2
    mean = float(squares.mean())
    if mean == 0:
        return len(values) - 1
    kurtosis = float((squares**2).mean()) / mean**2
    return int(min(max(2 * len(values) / max(kurtosis - 1, 1e-9), 1), len(values) - 1))


@dataclass(frozen=True, slots=True)
class StudentT:
    """V̂ ± t · SE, with the jackknife standard error and Satterthwaite's degrees of freedom."""

    name: str = "student-t"

    def interval(
        self, terms: Terms, level: float = 0.95, clusters: Clusters | None = None
    ) -> Interval:
        """Limits symmetric about the estimate."""
        values = pseudo_values(terms, clusters)
        error = float(values.std(ddof=1)) / math.sqrt(len(values))
        half = student_quantile((1 + level) / 2, degrees_of_freedom(values)) * error
        return Interval(terms.estimate - half, terms.estimate + half, level)


@dataclass(frozen=True, slots=True)
class EmpiricalBernstein:
    """A finite-sample bound, valid at every n for values in a known range; wide for that reason.

    `width` is the length of the range of the per-round values, max w · (r_max - r_min) for IPS.
    Without it the observed range stands in, and the guarantee is lost where the tail is unseen.
    Maurer and Pontil (2009), theorem 4, with δ/2 on each side.
    """

    width: float | None = None
    name: str = "empirical-bernstein"

    def interval(
        self, terms: Terms, level: float = 0.95, clusters: Clusters | None = None
    ) -> Interval:
        """Limits symmetric about the estimate."""
        values = pseudo_values(terms, clusters)
        n = len(values)
        width = float(np.ptp(values)) if self.width is None else self.width
        log_term = math.log(4 / (1 - level))
        variance = float(values.var(ddof=1))
        half = math.sqrt(2 * variance * log_term / n) + 7 * width * log_term / (3 * (n - 1))
        return Interval(terms.estimate - half, terms.estimate + half, level)
