"""Logged bandit feedback: what every estimator reads.

Decisions have different numbers of candidates. They are padded to the largest K: a padded action
has evaluation probability 0 and estimated reward 0, so that no sum over actions sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Booleans = NDArray[np.bool_]

SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class BanditFeedback:
    """n logged rounds and the propensities of the policy to evaluate, over K (padded) actions.

    `actions` (n,) index the K actions; `rewards` (n,) are what was observed; `pscores` (n,) are the
    logging policy's propensities π_b(a_i|x_i) of the logged actions, in (0, 1]; `evaluation` (n, K)
    are the evaluation policy's propensities π_e(a|x_i); `estimated_rewards` (n, K) is q̂(x_i, a),
    for the estimators that need one.

    Raises ValueError when a shape, a range or a distribution is wrong.
    """

    actions: Ints
    rewards: Floats
    pscores: Floats
    evaluation: Floats
    estimated_rewards: Floats | None = None

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_logged(self)
        _check_evaluation(self)
        if self.estimated_rewards is not None and not np.isfinite(self.estimated_rewards).all():
            raise ValueError("estimated_rewards must be finite")

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def weights(self) -> Floats:
        """The importance weights w_i = π_e(a_i|x_i) / π_b(a_i|x_i), shape (n,)."""
        weights: Floats = self.at_logged(self.evaluation) / self.pscores
        return weights

    def at_logged(self, table: Floats) -> Floats:
        """The entries of `table` (n, K) at the logged actions, shape (n,)."""
        column: Floats = table[np.arange(len(self.actions)), self.actions]
        return column

    def reward_model(self) -> Floats:
        """q̂ (n, K); raises ValueError when there is none."""
        if self.estimated_rewards is None:
            raise ValueError("this estimator needs estimated_rewards")
        return self.estimated_rewards

    def take(self, rounds: NDArray[Any]) -> "BanditFeedback":
        """The rounds that `rounds`, a mask (n,) or indices, selects."""
        q_hat = self.estimated_rewards
        return replace(
            self,
            actions=self.actions[rounds],
            rewards=self.rewards[rounds],
            pscores=self.pscores[rounds],
            evaluation=self.evaluation[rounds],
            estimated_rewards=None if q_hat is None else q_hat[rounds],
        )

    def with_outcome(self, outcome: Floats, estimated: Floats | None) -> "BanditFeedback":
        """The same choices with another `outcome` (n,) as reward, `estimated` (n, K) as q̂."""
        return replace(self, rewards=outcome, estimated_rewards=estimated)


def pad(rows: Sequence[Sequence[float]], fill: float = 0.0) -> Floats:
    """A matrix (n, K) of `rows` of at most K entries, filled up with `fill`."""
    padded = np.full((len(rows), max(map(len, rows), default=0)), fill)
    for line, row in zip(padded, rows, strict=True):
        line[: len(row)] = row
    return padded


def _check_shapes(feedback: BanditFeedback) -> None:
    n = len(feedback.actions)
    if n == 0:
        raise ValueError("the log is empty")
    for name in ("actions", "rewards", "pscores"):
        if getattr(feedback, name).shape != (n,):
            raise ValueError(f"{name} must have shape ({n},), has {getattr(feedback, name).shape}")
    shape = feedback.evaluation.shape
    if len(shape) != 2 or shape[0] != n:
        raise ValueError(f"evaluation must have shape ({n}, K), has {shape}")
    q_hat = feedback.estimated_rewards
    if q_hat is not None and q_hat.shape != shape:
        raise ValueError(f"estimated_rewards must have shape {shape}, has {q_hat.shape}")


def _check_logged(feedback: BanditFeedback) -> None:
    actions, pscores = feedback.actions, feedback.pscores
    if not np.issubdtype(actions.dtype, np.integer):
        raise ValueError("actions must be integers")
    if actions.min() < 0 or actions.max() >= feedback.evaluation.shape[1]:
        raise ValueError(f"actions must lie in [0, {feedback.evaluation.shape[1]})")
    if not np.isfinite(feedback.rewards).all():
        raise ValueError("rewards must be finite")
    if not (np.isfinite(pscores).all() and (pscores > 0).all() and (pscores <= 1).all()):
        raise ValueError("pscores must lie in (0, 1]")


def _check_evaluation(feedback: BanditFeedback) -> None:
    evaluation = feedback.evaluation
    if not np.isfinite(evaluation).all() or (evaluation < 0).any():
        raise ValueError("evaluation must be finite and not negative")
    total = evaluation.sum(axis=1)
    wrong = abs(total - 1) > SUM_TOLERANCE
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            f"evaluation must sum to 1 per round; round {first} sums to {total[first]}"
        )
