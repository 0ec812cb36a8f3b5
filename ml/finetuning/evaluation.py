"""An adapter against its base: likelihood, off-policy value, judge and faults, with intervals.

People are what is independent: every figure is a mean over people of a paired difference.
Off-policy estimates are of held-out people's log under the base (`ml.ope`); judge, faults and
reward come from new people who live with both writers under the same luck.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ml.activities.activity import activities
from ml.composing.faults import Told, faults
from ml.finetuning.chooser import Chooser
from ml.finetuning.living import Shown, by_person
from ml.finetuning.lora import EncodedPair, score
from ml.ope.estimators import dr, snips
from ml.ope.feedback import BanditFeedback, pad
from ml.ope.policy_value import compare
from ml.ope.reward_model import CrossFittedRidge
from ml.simulation.estimates import Interval, interval
from ml.simulation.scenario import KINDS
from oo.domain.statistics import Floats


class Figure(NamedTuple):
    """One measure: of the base, of the adapter, and their difference over n independent people."""

    name: str
    base: float
    adapter: float
    difference: Interval
    n: int


def likelihood(model: Any, pairs: Sequence[EncodedPair], people: Sequence[str]) -> list[Figure]:
    """How much likelier the better of a held-out pair is than the worse; `people` are of pairs."""
    adapted = _margins(model, pairs)
    with model.disable_adapter():
        base = _margins(model, pairs)
    names = np.array(people)
    return [
        _paired("better of a pair likelier (share)", base > 0, adapted > 0, names),
        _paired("log-likelihood, better less worse", base, adapted, names),
    ]


def _margins(model: Any, pairs: Sequence[EncodedPair]) -> Floats:
    better = score(model, [pair.better for pair in pairs])
    return np.array(better) - np.array(score(model, [pair.worse for pair in pairs]))


def off_policy(shown: Sequence[Shown], adapter: Chooser) -> list[Figure]:
    """What the adapter would have earned on the base's log: self-normalised and doubly robust."""
    seen = [one for one in shown if one.reward == one.reward]
    rewards = np.array([one.reward for one in seen])
    actions = np.array([one.picked for one in seen])
    people = np.array([one.person for one in seen])
    logged = pad([one.chances for one in seen])
    asked = [adapter.chances(one.context, [one.slot])[0] for one in seen]
    target = np.zeros_like(logged)
    for row, chances in zip(target, asked, strict=True):
        row[: len(chances)] = chances
    estimated = CrossFittedRidge().estimated_rewards(
        _features(seen, logged.shape[1]),
        actions,
        rewards,
        np.random.default_rng(0),
        groups=people,
        present=logged > 0,
    )
    pscores = logged[np.arange(len(seen)), actions]
    new = BanditFeedback(actions, rewards, pscores, target, estimated)
    old = BanditFeedback(actions, rewards, pscores, logged, estimated)
    found = []
    for estimator in (snips.ESTIMATOR, dr.ESTIMATOR):
        gain = compare(estimator, new, old, clusters=people)
        base = estimator.terms(old).estimate
        bounds = Interval(gain.value, gain.interval.lower, gain.interval.upper)
        name = f"reward, off-policy ({estimator.name})"
        found.append(Figure(name, base, base + gain.value, bounds, len(set(people.tolist()))))
    return found


def _features(shown: Sequence[Shown], width: int) -> Floats:
    """Of each line of each slot: its kind, its length, whether it speaks of a task."""
    table = np.zeros((len(shown), width, len(KINDS) + 2))
    for row, one in zip(table, shown, strict=True):
        for at, line in enumerate(one.slot):
            row[at, KINDS.index(line.kind)] = 1
            row[at, -2:] = len(line.content) / 100, line.index is not None
    return table


def lived(base: Sequence[Shown], adapter: Sequence[Shown]) -> list[Figure]:
    """The same new people with either writer."""
    return [
        _lived("reward, simulated", base, adapter, lambda one: one.reward),
        _lived("rule judge", base, adapter, lambda one: one.expected),
        _lived("dismissed (share)", base, adapter, lambda one: float(one.dismissed)),
        _lived("tips with a fault (share)", base, adapter, lambda one: float(_has_fault(one))),
        _lived("length, characters", base, adapter, lambda one: float(len(one.line.content))),
    ]


def _has_fault(one: Shown) -> bool:
    activity = activities().get(one.line.activity or "")
    return bool(faults(Told(one.line.content, one.line.language, activity)))


def _lived(
    name: str, base: Sequence[Shown], adapter: Sequence[Shown], of: Callable[[Shown], float]
) -> Figure:
    means = [
        np.array([_mean([of(one) for one in tips]) for _, tips in by_person(shown)])
        for shown in (base, adapter)
    ]
    known = ~np.isnan(means[0]) & ~np.isnan(means[1])
    first, second = means[0][known], means[1][known]
    return Figure(
        name, float(first.mean()), float(second.mean()), interval(second - first), int(known.sum())
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else float("nan")


def _paired(name: str, base: Floats, adapter: Floats, people: np.ndarray) -> Figure:
    order = np.unique(people)
    first, second = (
        np.array([values[people == one].mean() for one in order]) for values in (base, adapter)
    )
    return Figure(
        name, float(first.mean()), float(second.mean()), interval(second - first), len(order)
    )
