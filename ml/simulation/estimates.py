"""What came out of a simulation, with 95% confidence intervals over people.

People are independent and the decisions of one person are not, so a person's mean is one
observation. Intervals of means are Student's t; those of a ratio of means are bootstrapped.
"""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ml.simulation.reactions import Answer
from ml.simulation.scenario import DAY, KINDS
from ml.simulation.trace import Trace
from oo.domain.statistics import Floats

LEVEL = 0.95
RESAMPLES = 2000
DAYPARTS = {"morning": (0, 12), "afternoon": (12, 18), "evening": (18, 24)}


class Interval(NamedTuple):
    """A mean and the bounds of its 95% confidence interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


class Summary(NamedTuple):
    """One policy on one scenario.

    `reward` per seen tip as it was earned; `regret` per decision, the exact mean loss against the
    best candidate on offer; the rates are shares of seen tips; `early` and `late` are the reward of
    the first and the last quarter of days.
    """

    reward: Interval
    regret: Interval
    done_rate: Interval
    dismiss_rate: Interval
    missed_rate: Interval
    early: Interval
    late: Interval
    decisions: int
    people: int


class Curve(NamedTuple):
    """A mean per day over people, with its band; all arrays (days,)."""

    day: NDArray[np.int64]
    mean: Floats
    low: Floats
    high: Floats


class Comparison(NamedTuple):
    """Policy a against policy b, paired by person: differences of means and a's relative lift.

    `lift` is mean(a) / mean(b) − 1 of the reward; `better` the share of people better off with a.
    """

    reward: Interval
    regret: Interval
    lift: Interval
    better: float
    pairs: int


def interval(values: Floats) -> Interval:
    """The mean of independent observations (n,) with its t interval; NaNs are left out."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return Interval(np.nan, np.nan, np.nan)
    mean = float(known.mean())
    if len(known) == 1:
        return Interval(mean, -np.inf, np.inf)
    error = known.std(ddof=1) / np.sqrt(len(known))
    half = float(stdtrit(len(known) - 1, (1 + LEVEL) / 2) * error)
    return Interval(mean, mean - half, mean + half)


def person_means(values: Floats) -> Floats:
    """Each person's mean (P,) of values (P, T), NaNs left out; NaN where nothing is left."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        means: Floats = np.nanmean(values, axis=1)
    return means


def summarise(trace: Trace) -> Summary:
    """The figures of one trace."""
    quarter = max(trace.reward.shape[1] // 4, 1)
    return Summary(
        reward=interval(person_means(trace.reward)),
        regret=interval(person_means(trace.regret)),
        done_rate=_rate(trace, Answer.DONE),
        dismiss_rate=_rate(trace, Answer.DISMISS),
        missed_rate=_rate(trace, Answer.MISSED),
        early=interval(person_means(trace.reward[:, :quarter])),
        late=interval(person_means(trace.reward[:, -quarter:])),
        decisions=trace.reward.size,
        people=len(trace.reward),
    )


def curve(trace: Trace, values: Floats, window: int = 1) -> Curve:
    """The mean over people of `values` (P, T) by day, each with the `window` − 1 days before.

    Of `trace.reward`, it is the reward curve.
    """
    day = trace.day()
    days = np.unique(day)
    recent = [(day > last - window) & (day <= last) for last in days]
    points = [interval(person_means(np.where(mask, values, np.nan))) for mask in recent]
    return Curve(days, *(np.array(bound) for bound in zip(*points, strict=True)))


def slices(trace: Trace) -> dict[str, Interval]:
    """The reward by kind of tip, part of the day and priority of the task."""
    hour = trace.minute % DAY / 60
    masks = {f"kind {kind}": trace.kind == index for index, kind in enumerate(KINDS)}
    masks |= {name: (hour >= start) & (hour < end) for name, (start, end) in DAYPARTS.items()}
    masks |= {f"priority {level}": trace.priority == level for level in (1, 2, 3, 4)}
    return {
        name: interval(person_means(np.where(mask, trace.reward, np.nan)))
        for name, mask in masks.items()
    }


def compare_traces(a: Sequence[Trace], b: Sequence[Trace], seed: int = 0) -> Comparison:
    """Policies a and b on the same scenarios, in the same order; every person is a pair."""
    reward_a, reward_b = (_stacked(traces, "reward") for traces in (a, b))
    regret_a, regret_b = (_stacked(traces, "regret") for traces in (a, b))
    both = ~np.isnan(reward_a) & ~np.isnan(reward_b)
    reward_a, reward_b = reward_a[both], reward_b[both]
    return Comparison(
        reward=interval(reward_a - reward_b),
        regret=interval(regret_a - regret_b),
        lift=_lift(reward_a, reward_b, np.random.default_rng(seed)),
        better=float(np.mean(reward_a > reward_b)),
        pairs=int(both.sum()),
    )


def _rate(trace: Trace, answer: Answer) -> Interval:
    seen = trace.answer != Answer.UNSEEN
    return interval(person_means(np.where(seen, trace.answer == answer, np.nan)))


def _stacked(traces: Sequence[Trace], name: str) -> Floats:
    return np.concatenate([person_means(getattr(trace, name)) for trace in traces])


def _lift(a: Floats, b: Floats, rng: np.random.Generator) -> Interval:
    """mean(a) / mean(b) − 1 with a percentile bootstrap over pairs (Efron 1979).

    NaN where b earns nothing or less: nothing is a multiple of that.
    """
    if b.mean() <= 0:
        return Interval(np.nan, np.nan, np.nan)
    drawn = rng.integers(len(a), size=(RESAMPLES, len(a)))
    ratios = a[drawn].mean(axis=1) / b[drawn].mean(axis=1) - 1
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(a.mean() / b.mean() - 1), float(low), float(high))
