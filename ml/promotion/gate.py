"""The gate: every check that stands between a challenger and the people (F5)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ml.promotion.differences import Differences, gains, sparing
from ml.promotion.evidence import Evidence
from ml.promotion.gate_report import Check, Report, Rule, check
from ml.promotion.limits import LIMITS, Limits
from ml.promotion.sequences import by_decision, by_person


class Simulated(NamedTuple):
    """The challenger's mean reward less that of the policy in force on the same simulated people,
    with the bounds of its 95% interval."""

    mean: float
    low: float
    high: float


Simulate = Callable[[], Simulated]

NOTHING = "There is nothing to tell it by yet."


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
    *,
    unsettled: int = 0,
) -> Report:
    """Every check; `simulate` is asked only when all others have passed, as it takes a while.

    `unsettled` is the number of decisions that will be evidence once they are old enough.
    """
    gain = bounded(gains(evidence), evidence, limits.level)
    checks = [*_sufficient(evidence, unsettled, limits), *_online(challenger, evidence, limits)]
    checks += [*_overlap(evidence, limits), _better(gain, evidence, limits)]
    checks.append(_guarded(evidence, limits))
    waiting = not all(one.passed for one in checks)
    checks.append(_simulated(None if waiting else simulate(), limits))
    mean = None if math.isnan(gain.mean) else gain.mean
    return Report(challenger, incumbent, mean, len(evidence), tuple(checks), unsettled)


def bounded(found: Differences, evidence: Evidence, level: float) -> Bounded:
    """The mean of the differences and the lower of its two bounds, by decision and by person."""
    n = len(evidence)
    if n < 2:
        return Bounded(math.nan, -math.inf)
    look = np.array([n])
    decision = by_decision(found, level, look)
    person = by_person(found.values, evidence.people, level, look)
    return Bounded(float(found.values.mean()), float(min(decision[0], person[0])))


def _sufficient(evidence: Evidence, unsettled: int, limits: Limits) -> list[Check]:
    n, people = len(evidence), evidence.number_of_people
    wait = f"Wait for {limits.decisions - n} more decisions with a reaction."
    if unsettled:
        wait = (
            f"Wait: {unsettled} decisions are younger than a day, and what comes of them is not"
            f" settled before; {limits.decisions - n} more with a reaction are needed."
        )
    others = f"Wait until {limits.people - people} more people have reacted to tips."
    return [
        check("decisions", n, Rule.AT_LEAST, limits.decisions, wait),
        check("people", people, Rule.AT_LEAST, limits.people, others),
    ]


def _online(challenger: str, evidence: Evidence, limits: Limits) -> list[Check]:
    seen = int(evidence.shadowed.sum())
    wrong = int((evidence.shadowed & evidence.disagrees).sum())
    first = (
        f"Shadow it first (`oo policy shadow {challenger} --reason …`) if it is no shadow yet, and"
        f" wait until {limits.shadowed - seen} more of its decisions are a day old and have a"
        " reaction."
    )
    why = (
        f"In {wrong} of {seen} decisions it said something else online than its replay says:"
        " find out why (`oo replay --check`) before anybody trusts either."
    )
    return [
        check("shadowed decisions", seen, Rule.AT_LEAST, limits.shadowed, first),
        check("online and offline disagree", wrong, Rule.AT_MOST, 0, why),
    ]


def _overlap(evidence: Evidence, limits: Limits) -> list[Check]:
    size, least = evidence.effective_sample_size, limits.effective_sample_size
    silent = (
        "The log gives many of its choices no chance, so it cannot speak for them: let a"
        " policy that explores be in force for a while."
    )
    more = _more(len(evidence), least / max(size, 1.0))
    wait = f"Wait for about {more} more decisions: it would choose what was rarely shown."
    unsupported = evidence.unsupported
    return [
        check("unsupported choices", unsupported, Rule.AT_MOST, limits.unsupported, silent),
        check("effective sample size", size, Rule.AT_LEAST, least, wait),
    ]


def _better(gain: Bounded, evidence: Evidence, limits: Limits) -> Check:
    name, above = "lower bound of the gain", gain.mean - limits.gain
    if len(evidence) < 2:
        advice = NOTHING
    elif above <= 0:
        advice = "Its estimated gain is no gain: keep the policy in force."
    elif math.isinf(gain.lower):
        advice = "Its gain may be the luck of these few people: wait for more of them."
    else:
        more = _more(len(evidence), ((gain.mean - gain.lower) / above) ** 2)
        advice = (
            f"It is estimated at {gain.mean:+.3f}, which may still be luck: wait for about"
            f" {more} more decisions."
        )
    return check(name, gain.lower, Rule.ABOVE, limits.gain, advice)


def _guarded(evidence: Evidence, limits: Limits) -> Check:
    fewer = bounded(sparing(evidence), evidence, limits.level)
    rise, room = -fewer.mean, limits.dismiss_margin + fewer.mean
    if len(evidence) < 2:
        advice = NOTHING
    elif room <= 0:
        advice = f"People would dismiss more tips ({rise:+.3f}): keep the policy in force."
    elif math.isinf(fewer.lower):
        advice = "Too few people have reacted to tell: wait for more of them."
    else:
        more = _more(len(evidence), ((fewer.mean - fewer.lower) / room) ** 2)
        advice = (
            f"Dismissals are estimated to change by {rise:+.3f}, and it is not certain yet that"
            f" they rise by no more than {limits.dismiss_margin}: wait for about {more} more"
            " decisions."
        )
    name = "upper bound of more dismissals"
    return check(name, -fewer.lower, Rule.AT_MOST, limits.dismiss_margin, advice)


def _simulated(found: Simulated | None, limits: Limits) -> Check:
    name, limit = "lower bound in simulation", -limits.simulation_margin
    if found is None:
        advice = "Simulated people are asked once all other checks pass."
        return Check(name, None, Rule.AT_LEAST, limit, False, advice)
    advice = (
        f"On simulated people it earns {found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
        " against the policy in force: look into it with `oo simulate --compare`, or simulate more"
        " people if the interval is wide."
    )
    return check(name, found.low, Rule.AT_LEAST, limit, advice)


def _more(n: int, ratio: float) -> int:
    """How many decisions are missing when `ratio` times as many as `n` are needed."""
    return max(math.ceil(n * (ratio - 1)), 1)
