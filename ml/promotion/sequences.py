"""Lower confidence bounds on a mean that hold at all times at once: look as often as you like.

Two, which answer different questions. :func:`by_decision` is about the decisions of the log: exact
at every sample size, whatever the world does. :func:`by_person` is about people to come: those of
the log are a sample of them, each as a whole. A gain must pass both.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ml.ope.feedback import Floats, Ints
from ml.promotion.differences import Differences

TUNED_AT = 300.0  # decisions; from there on the bound by person is at its tightest
_HALVINGS = 50


def by_decision(found: Differences, level: float, looks: Ints) -> Floats:
    """The lower bound after each of `looks` (L,) decisions.

    For a fixed bet β and β D_i > −1, Π(1 + β D_i) exp(−β Σμ_i) is a supermartingale from 1 on, as
    1 + x <= e^x; so is a mixture over bets. By Ville's inequality the means with which the mixture
    ever reaches 1 / level hold the truth, the running mean of the μ_i, with a chance of at most
    `level`. Betting: Waudby-Smith and Ramdas (2024), arXiv 2010.09686; a bet is kept and mixed
    over, as one that moves with the log would speak of a weighted mean where the mean moves too.
    """
    wealth = np.log1p(found.cut * found.bets).cumsum(axis=0)[looks - 1]
    wealth += math.log(level) - math.log(len(found.bets))
    # log1p(x) <= x: the bound is below the largest mean
    high = (found.cut.cumsum(axis=0)[looks - 1] / looks[:, None]).max(axis=1)
    low = np.full(len(looks), -1 / found.bets.min())
    steps = looks[:, None] * found.bets
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        logs = wealth - steps * middle[:, None]
        most = logs.max(axis=1)
        beaten = most + np.log(np.exp(logs - most[:, None]).sum(axis=1)) >= 0
        low, high = np.where(beaten, middle, low), np.where(beaten, high, middle)
    return low


def by_person(values: Floats, people: NDArray[np.generic], level: float, looks: Ints) -> Floats:
    """The lower bound of `values` (n,) after each of `looks` (L,), people being independent.

    An asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, arXiv
    2103.06476, proposition 2 for one side) with the standard error clustered by person and widened
    for few people as Student's t is. −∞ with so few that nothing can be said.
    """
    _, index = np.unique(people, return_inverse=True)
    bounds = [_bound_of_totals(values[:n], index[:n], level) for n in looks.tolist()]
    return np.array(bounds)


def _bound_of_totals(values: Floats, index: NDArray[np.intp], level: float) -> float:
    counts = np.bincount(index)
    counts, totals = counts[counts > 0], np.bincount(index, values)[counts > 0]
    n, groups = len(values), len(counts)
    if groups < 2:
        return -math.inf
    mean = float(totals.sum()) / n
    spread = float(((totals - counts * mean) ** 2).sum())
    error = math.sqrt(spread * groups / (groups - 1)) / n
    return mean - widened(boundary(n, level), groups - 1) * error


def boundary(n: int, level: float) -> float:
    """How many standard errors a normal walk of `n` steps may be above 0, at all times at once."""
    information = n / TUNED_AT
    ratio = (information + 1) / information
    return math.sqrt(2 * ratio * math.log(1 + math.sqrt(information + 1) / (2 * level)))


def widened(z: float, degrees: int) -> float:
    """The t value with `degrees` of freedom as unlikely as the normal `z`; ∞ where there is none.

    Abramowitz and Stegun (1964), 26.7.8, solved for t; it errs to the safe side in the tail.
    """
    left = (1 - 1 / (4 * degrees)) ** 2 - z * z / (2 * degrees)
    return z / math.sqrt(left) if left > 0 else math.inf
