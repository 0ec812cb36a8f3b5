"""The gate: every check that stands between a challenger and the people (F5)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ml.promotion.differences import Differences, gains, sparing
from ml.promotion.evidence import Evidence
from ml.promotion.limits import LIMITS, Limits
from ml.promotion.report import Check, Report, at_least, at_most
from ml.promotion.sequences import by_decision, by_person


class Simulated(NamedTuple):
    """The challenger's mean reward less that of the policy in force on the same simulated people,
    with the bounds of its 95% interval."""

    mean: float
    low: float
    high: float


Simulate = Callable[[], Simulated]


class Bounded(NamedTuple):
    """A mean (NaN of nothing) and the bound that it is above, whenever one looks."""

    mean: float
    lower: float


def examine(
    challenger: str,
    incumbent: str,
    evidence: Evidence,
    simulate: Simulate,
    limits: Limits = LIMITS,
) -> Report:
    """Every check; `simulate` is asked only when all others have passed, as it takes a while."""
    gain = bounded(gains(evidence), evidence, limits.level)
    checks = [*_sufficient(evidence, limits), *_online(challenger, evidence, limits)]
    checks += [*_overlap(evidence, limits), _better(gain, evidence, limits)]
    checks.append(_guarded(evidence, limits))
    waiting = not all(check.passed for check in checks)
    checks.append(_simulated(None if waiting else simulate(), limits))
    mean = None if math.isnan(gain.mean) else gain.mean
    return Report(challenger, incumbent, mean, len(evidence), tuple(checks))


def bounded(found: Differences, evidence: Evidence, level: float) -> Bounded:
    """The mean of the differences and the lower of its two bounds, by decision and by person."""
    n = len(evidence)
    if n < 2:
        return Bounded(math.nan, -math.inf)
    look = np.array([n])
    decision = by_decision(found, level, look)
    person = by_person(found.values, evidence.people, level, look)
    return Bounded(float(found.values.mean()), float(min(decision[0], person[0])))


def _sufficient(evidence: Evidence, limits: Limits) -> list[Check]:
    n, people = len(evidence), evidence.number_of_people
    return [
        at_least(
            "decisions",
            n,
            limits.decisions,
            f"Wait for {limits.decisions - n} more decisions with a reaction.",
        ),
        at_least(
            "people",
            people,
            limits.people,
            f"Wait until {limits.people - people} more people have reacted to tips.",
        ),
    ]


def _online(challenger: str, evidence: Evidence, limits: Limits) -> list[Check]:
    seen = int(evidence.shadowed.sum())
    wrong = int((evidence.shadowed & evidence.disagrees).sum())
    return [
        at_least(
            "shadowed decisions",
            seen,
            limits.shadowed,
            f"Shadow it first (`oo policy shadow {challenger} --reason …`) and wait for"
            f" {limits.shadowed - seen} more of its decisions to get a reaction.",
        ),
        at_most(
            "online and offline disagree",
            wrong,
            0,
            f"In {wrong} of {seen} decisions it said something else online than its replay says:"
            " find out why (`oo replay --check`) before anybody trusts either.",
        ),
    ]


def _overlap(evidence: Evidence, limits: Limits) -> list[Check]:
    size, unsupported = evidence.effective_sample_size, evidence.unsupported
    missing = _more(len(evidence), limits.effective_sample_size / max(size, 1.0))
    return [
        at_most(
            "unsupported choices",
            unsupported,
            limits.unsupported,
            "The log gives many of its choices no chance, so it cannot speak for them: let a"
            " policy that explores be in force for a while.",
        ),
        at_least(
            "effective sample size",
            size,
            limits.effective_sample_size,
            f"Wait for about {missing} more decisions: it would choose what was rarely shown.",
        ),
    ]


def _better(gain: Bounded, evidence: Evidence, limits: Limits) -> Check:
    if gain.mean > limits.gain:
        half = gain.mean - gain.lower
        more = _more(len(evidence), (half / (gain.mean - limits.gain)) ** 2)
        advice = (
            f"It is estimated at {gain.mean:+.3f}, which may still be luck: wait for about"
            f" {more} more decisions."
            if math.isfinite(half)
            else "Its gain may still be the luck of these few people: wait for more of them."
        )
    else:
        advice = "Its estimated gain is no gain: keep the policy in force."
    return at_least("lower bound of the gain", gain.lower, limits.gain, advice, strictly=True)


def _guarded(evidence: Evidence, limits: Limits) -> Check:
    fewer = bounded(sparing(evidence), evidence, limits.level)
    rise, room = -fewer.mean, limits.dismiss_margin + fewer.mean
    if room > 0 and math.isfinite(fewer.lower):
        more = _more(len(evidence), ((fewer.mean - fewer.lower) / room) ** 2)
        advice = (
            f"Dismissals are estimated to change by {rise:+.3f}, and it is not yet certain that"
            f" they rise by no more than {limits.dismiss_margin}: wait for about {more} more"
            " decisions."
        )
    else:
        advice = f"People would dismiss more tips ({rise:+.3f}): keep the policy in force."
        advice = advice if len(evidence) > 1 else "There is nothing to tell it by yet."
    return at_most("upper bound of more dismissals", -fewer.lower, limits.dismiss_margin, advice)


def _simulated(found: Simulated | None, limits: Limits) -> Check:
    name = "lower bound in simulation"
    if found is None:
        advice = "It is simulated once all other checks pass."
        return Check(name, None, -limits.simulation_margin, False, advice)
    advice = (
        f"On simulated people it earns {found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
        " against the policy in force: look into it with `oo simulate --compare`, or simulate more"
        " people if the interval is wide."
    )
    return at_least(name, found.low, -limits.simulation_margin, advice)


def _more(n: int, ratio: float) -> int:
    """How many decisions are missing when `ratio` times as many as `n` are needed."""
    return max(math.ceil(n * (ratio - 1)), 1) if math.isfinite(ratio) else n
