"""The fold of a person's log: **state = fold(log)**, and what a policy reads out of the state."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from oo.domain.columns import matrix_of
from oo.domain.policies import Policy
from oo.domain.reactions import FRESH_START, Forgotten, Reaction
from oo.domain.statistics import Floats, Statistics, day_of, day_weight

MOST_WEIGHT = 1e6  # as many reactions of one person as will ever be


def design(policy: Policy, features: Mapping[str, list[float]]) -> Floats:
    """The matrix (K, d) of the policy's features, in its order."""
    if not policy.features:
        rows = len(next(iter(features.values())))
        return np.zeros((rows, 0))
    return np.array(matrix_of(features, policy.features), np.float64).T


def designs(policy: Policy, features: Sequence[Mapping[str, list[float]]]) -> Floats:
    """The matrices (people, K, d) of several people with K candidates each."""
    values = [matrix_of(columns, policy.features) for columns in features]
    return np.array(values, np.float64).transpose(0, 2, 1)


def fold(policy: Policy, statistics: Statistics, reactions: Iterable[Reaction]) -> Statistics:
    """The statistics after `reactions`, which must follow on in the order of their numbers.

    A feature that a reaction is too old to have counts as 0.
    """
    for reaction in reactions:
        if reaction.action == FRESH_START:
            statistics = Statistics.empty(policy.dimension)
        if reaction.late:
            continue
        x, weight = _learnt(policy, reaction)
        if reaction.replaces is None:
            statistics = statistics.add(x, reaction.reward, weight)
        else:
            statistics = statistics.revise(x, reaction.replaces, reaction.reward, weight)
    return statistics


def unfold(policy: Policy, statistics: Statistics, reactions: Iterable[Reaction]) -> Statistics:
    """The statistics before `reactions`, equal to the fold up to there but for rounding.

    Raises ValueError where the fold began anew: what was before is erased.
    """
    for reaction in reactions:
        if reaction.action == FRESH_START:
            raise Forgotten("what it was made with is erased")
        if reaction.late:
            continue
        x, weight = _learnt(policy, reaction)
        if reaction.replaces is None:
            statistics = statistics.add(x, reaction.reward, -weight)
        else:
            statistics = statistics.revise(x, reaction.reward, reaction.replaces, weight)
    return statistics


def _learnt(policy: Policy, reaction: Reaction) -> tuple[Floats, float]:
    row = [reaction.features.get(name, 0.0) for name in policy.features]
    x = policy.embed(np.array(row, np.float64))
    return x, day_weight(policy.decay, day_of(reaction.learned_at))


def posterior_on(policy: Policy, statistics: Statistics, day: int) -> Any:
    """The policy's posterior on `day`, with reactions faded until then.

    A reaction stamped in the future, by a clock that was wrong, would outweigh all others by more
    than a float can tell: together they weigh MOST_WEIGHT at most.
    """
    faded = statistics.scaled(1.0 / day_weight(policy.decay, day))
    if faded.n > MOST_WEIGHT:
        faded = faded.scaled(MOST_WEIGHT / faded.n)
    return policy.posterior(faded)
