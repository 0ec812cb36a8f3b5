"""The reward model q̂ of the direct method and the doubly robust family."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.ope.feedback import Booleans, Floats, Ints


class Ridge(NamedTuple):
    """A fitted linear model: standardisation (d,) twice, coefficients (d,) and intercept."""

    mean: Floats
    scale: Floats
    coefficients: Floats
    intercept: float

    def predict(self, features: Floats) -> Floats:
        """Rewards for `features` (..., d), shape (...)."""
        predicted: Floats = (features - self.mean) / self.scale @ self.coefficients + self.intercept
        return predicted


def fit_ridge(features: Floats, rewards: Floats, penalty: float) -> Ridge:
    """Least squares of `rewards` (n,) on `features` (n, d), coefficients shrunk by `penalty` > 0.

    Features are standardised, so that one penalty suits all, and the intercept is free.
    Hoerl and Kennard (1970).
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    z = (features - mean) / scale
    intercept = float(rewards.mean())
    gram = z.T @ z + penalty * np.eye(z.shape[1])
    coefficients = np.linalg.solve(gram, z.T @ (rewards - intercept))
    return Ridge(mean, scale, coefficients, intercept)


@dataclass(frozen=True, slots=True)
class CrossFittedRidge:
    """Ridge regression in which no round, and no group, is scored by a model that saw it.

    Without that, q̂ fits the noise of the very residuals that the doubly robust correction needs.
    Chernozhukov et al. (2018), definition 3.2. Raises ValueError when `folds` < 2.
    """

    folds: int = 5
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ValueError("cross-fitting needs at least two folds")
        if not self.penalty > 0:
            raise ValueError("penalty must be positive")

    def estimated_rewards(
        self,
        features: Floats,
        actions: Ints,
        rewards: Floats,
        rng: np.random.Generator,
        *,
        groups: NDArray[np.generic] | None = None,
        present: Booleans | None = None,
    ) -> Floats:
        """q̂ (n, K) from the `features` (n, K, d) of all actions and the logged rewards (n,).

        `groups` (n,) keeps the rounds of one person in one fold; `rng` deals the folds; padded
        actions, outside the mask `present` (n, K), get 0. Raises ValueError when there are fewer
        than two groups, as nothing is left to learn from then.
        """
        logged = features[np.arange(len(actions)), actions]
        fold_of = deal_folds(np.arange(len(actions)) if groups is None else groups, self.folds, rng)
        q_hat = np.zeros(features.shape[:2])
        for fold in range(int(fold_of.max()) + 1):
            held_out = fold_of == fold
            model = fit_ridge(logged[~held_out], rewards[~held_out], self.penalty)
            q_hat[held_out] = model.predict(features[held_out])
        return q_hat if present is None else np.where(present, q_hat, 0.0)


def deal_folds(groups: NDArray[np.generic], folds: int, rng: np.random.Generator) -> Ints:
    """The fold of each round (n,): whole groups, dealt at random, as many folds as there can be."""
    _, index = np.unique(groups, return_inverse=True)
    count = int(index.max()) + 1
    if count < 2:
        raise ValueError("cross-fitting needs at least two groups of rounds")
    dealt = rng.permutation(count) % min(folds, count)
    return dealt[index].astype(np.int64)
