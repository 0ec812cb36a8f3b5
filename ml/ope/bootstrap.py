"""Bootstrap intervals: percentile and studentised, over rounds or over clusters of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ml.ope.feedback import Floats
from ml.ope.intervals import Clusters, Interval
from ml.ope.terms import Terms, estimates, gradient

COUNTS_PER_BLOCK = 4_000_000


def resample_counts(groups: int, replicates: int, rng: np.random.Generator) -> Floats:
    """How often each of G groups is drawn in each replicate, shape (replicates, G)."""
    drawn = rng.integers(groups, size=(replicates, groups))
    flat = drawn + groups * np.arange(replicates)[:, None]
    counts = np.bincount(flat.ravel(), minlength=replicates * groups)
    return counts.reshape(replicates, groups).astype(np.float64)


def replicate_estimates(totals: Floats, counts: Floats) -> Floats:
    """V̂ in each replicate, shape (replicates,), from `totals` (G, 4) and `counts`."""
    return estimates(counts @ totals)


def replicate_pivots(totals: Floats, counts: Floats) -> Floats:
    """(V̂* - V̂) / SE* of each replicate, shape (replicates,); 0 where SE* is 0."""
    groups = len(totals)
    means = counts @ totals / groups
    products = np.einsum("gi,gj->gij", totals, totals).reshape(groups, 16)
    moments = (counts @ products / groups).reshape(-1, 4, 4)
    slope = gradient(means)
    # the influences of the groups, slope · totals, have mean 0 in their own replicate
    variance = np.einsum("bi,bij,bj->b", slope, moments, slope)
    error = np.sqrt(np.maximum(variance, 0.0) / (groups - 1))
    shift = estimates(means) - estimates(totals.mean(axis=0))
    pivots: Floats = np.divide(shift, error, out=np.zeros_like(shift), where=error > 0)
    return pivots


def percentile_limits(totals: Floats, counts: Floats, level: float) -> Interval:
    """The percentile interval from given resamples."""
    lower, upper = np.quantile(replicate_estimates(totals, counts), _tails(level))
    return Interval(float(lower), float(upper), level)


def studentised_limits(totals: Floats, counts: Floats, level: float) -> Interval:
    """The bootstrap-t interval from given resamples."""
    return _unpivoted(totals, replicate_pivots(totals, counts), level)


@dataclass(frozen=True, slots=True)
class PercentileBootstrap:
    """Quantiles of the resampled estimates. Efron and Tibshirani (1993), chapter 13.

    `rng` is drawn from at each call, so give each interval its own to repeat it.
    """

    rng: np.random.Generator
    replicates: int = 1000
    name: str = field(default="percentile-bootstrap", init=False)

    def interval(
        self, terms: Terms, level: float = 0.95, clusters: Clusters | None = None
    ) -> Interval:
        """Limits at the (1 ± level)/2 quantiles."""
        totals = _independent(terms, clusters)
        blocks = _blocks(len(totals), self.replicates, self.rng)
        drawn = np.concatenate([replicate_estimates(totals, counts) for counts in blocks])
        lower, upper = np.quantile(drawn, _tails(level))
        return Interval(float(lower), float(upper), level)


@dataclass(frozen=True, slots=True)
class StudentisedBootstrap:
    """Bootstrap-t: resampled pivots stand in for the t table, so that skewness is followed.

    Efron and Tibshirani (1993), section 12.5; second-order accurate (Hall 1988). `rng` is drawn
    from at each call, so give each interval its own to repeat it.
    """

    rng: np.random.Generator
    replicates: int = 1000
    name: str = field(default="studentised-bootstrap", init=False)

    def interval(
        self, terms: Terms, level: float = 0.95, clusters: Clusters | None = None
    ) -> Interval:
        """Limits V̂ - t*·SE with the quantiles t* of the pivots, upper tail first."""
        totals = _independent(terms, clusters)
        blocks = _blocks(len(totals), self.replicates, self.rng)
        pivots = np.concatenate([replicate_pivots(totals, counts) for counts in blocks])
        return _unpivoted(totals, pivots, level)


def _unpivoted(totals: Floats, pivots: Floats, level: float) -> Interval:
    low, high = np.quantile(pivots, _tails(level))
    means = totals.mean(axis=0)
    influence = totals @ gradient(means)
    error = influence.std(ddof=1) / np.sqrt(len(totals))
    value = estimates(means)
    return Interval(float(value - high * error), float(value - low * error), level)


def _independent(terms: Terms, clusters: Clusters | None) -> Floats:
    totals = terms.totals(clusters)
    if len(totals) < 2:
        raise ValueError("an interval needs at least two independent rounds or clusters")
    return totals


def _blocks(groups: int, replicates: int, rng: np.random.Generator) -> Iterator[Floats]:
    """The resamples, a block that fits in memory at a time."""
    rows = max(1, COUNTS_PER_BLOCK // groups)
    for start in range(0, replicates, rows):
        yield resample_counts(groups, min(rows, replicates - start), rng)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2
