"""The gate of prompts: people who were given the challenger beside all others, by chance alone."""

from operator import ge, gt, le

import numpy as np

from ml.ope.bootstrap import resample_counts
from ml.ope.feedback import Floats
from ml.promotion.gate_report import Check, Report, Rule

LEAST_PEOPLE = 30  # in each arm
LOSS = 0.05  # of reward that a challenger may cost at most, at 95%
MORE_DISMISSED = 0.05
REPLICATES = 4000


def examine(
    challenger: str,
    incumbent: str,
    given: Floats,
    others: Floats,
    dismissed: tuple[float, float],
    unsettled: int = 0,
    *,
    decisions: int = 0,
) -> Report:
    """The report on people's mean rewards (n,) in each arm; one person is one observation, for
    their reactions hang together. `dismissed` are the shares of dismissals, given and others."""
    least = min(len(given), len(others))
    gain = low = None
    if least >= 2:
        gain = float(given.mean() - others.mean())
        low = float(np.quantile(_means(given, 1) - _means(others, 2), 0.05))
    more = dismissed[0] - dismissed[1] if least else None
    return Report(
        challenger,
        incumbent,
        gain,
        decisions,
        (
            _check("people in the smaller arm", float(least), Rule.AT_LEAST, LEAST_PEOPLE, "wait"),
            _check("gain, lower 95% bound", low, Rule.ABOVE, -LOSS, "wait, or take it back"),
            _check("more dismissals", more, Rule.AT_MOST, MORE_DISMISSED, "take it back"),
        ),
        unsettled,
    )


def _means(values: Floats, seed: int) -> Floats:
    counts = resample_counts(len(values), REPLICATES, np.random.default_rng(seed))
    found: Floats = counts @ values / len(values)
    return found


def _check(name: str, value: float | None, rule: Rule, limit: float, advice: str) -> Check:
    held = {Rule.AT_LEAST: ge, Rule.ABOVE: gt, Rule.AT_MOST: le}
    passed = value is not None and bool(held[rule](value, limit))
    return Check(name, value, rule, limit, passed, "" if passed else advice)
