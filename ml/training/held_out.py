"""How well fitted parameters predict reactions that the fit has not seen."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ml.training.experience import statistics_of
from oo.domain.policies import Experience, Policy, Trainable, rows

HELD_OUT = 0.2


class Prediction(NamedTuple):
    """Root mean squared errors of predicted rewards of `n` held-out reactions.

    `fitted` is of the policy fitted to the earlier reactions, `unfitted` of the one before any
    fit, `constant` of the mean reward.
    """

    n: int
    fitted: float
    unfitted: float
    constant: float


def held_out(policy: Policy, people: Mapping[str, Sequence[Experience]]) -> Prediction:
    """Fit to each person's earlier reactions, predict their last fifth.

    Raises ValueError when nobody has enough reactions for that.
    """
    if not isinstance(policy, Trainable):
        raise ValueError(f"{policy.name} has no parameters to fit")
    earlier = {user: seen[: _cut(seen)] for user, seen in people.items()}
    later = {user: seen[_cut(seen) :] for user, seen in people.items() if _cut(seen) > 0}
    rewards = np.array([one.reward for user in sorted(later) for one in later[user]])
    if len(rewards) == 0:
        raise ValueError("nobody has reacted often enough to hold something out")
    known = [one.reward for seen in earlier.values() for one in seen]
    return Prediction(
        len(rewards),
        _error(_predictions(policy.fit(earlier), earlier, later), rewards),
        _error(_predictions(policy, earlier, later), rewards),
        _error(np.full(len(rewards), np.mean(known)), rewards),
    )


def _cut(seen: Sequence[Experience]) -> int:
    return int(len(seen) * (1 - HELD_OUT)) if len(seen) >= 5 else 0


def _predictions(
    policy: Policy,
    earlier: Mapping[str, Sequence[Experience]],
    later: Mapping[str, Sequence[Experience]],
) -> np.ndarray:
    states = statistics_of(policy, earlier)
    found = []
    for user in sorted(later):
        posterior = policy.posterior(states[user])
        for x in rows(policy, later[user]):
            found.append(sum(part.amount for part in policy.explain(posterior, x)))
    return np.array(found)


def _error(predictions: np.ndarray, rewards: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predictions - rewards) ** 2)))
