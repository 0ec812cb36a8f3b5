"""Logs from a known truth: contexts, a logging and an evaluation policy, and the exact value."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ml.ope.feedback import BanditFeedback, Floats, Ints

CONTEXTS_PER_BLOCK = 100_000
TRUTH_BLOCKS = 30  # an error of 0.0002


class Log(NamedTuple):
    """One simulated log: candidates' features (n, K, d), actions, rewards and pscores (n,), and
    the evaluation propensities (n, K)."""

    features: Floats
    actions: Ints
    rewards: Floats
    pscores: Floats
    evaluation: Floats

    def feedback(self, estimated_rewards: Floats | None = None) -> BanditFeedback:
        """The log as estimators read it."""
        return BanditFeedback(
            self.actions, self.rewards, self.pscores, self.evaluation, estimated_rewards
        )


@dataclass(frozen=True, slots=True)
class World:
    """K candidates with d standard normal features, rewards of -1 or 1, and softmax policies.

    The chance of a reward of 1 is logistic in the features plus a product that a linear reward
    model misses. The logging policy takes a uniformly drawn candidate with probability
    `exploration`, so weights are at most K / `exploration`; `temperature` is the evaluation
    policy's, and lower is further from the log.
    """

    actions: int = 5
    dimension: int = 4
    exploration: float = 0.2
    temperature: float = 0.7

    def log(self, n: int, rng: np.random.Generator) -> Log:
        """n independent rounds drawn under the logging policy."""
        x = rng.standard_normal((n, self.actions, self.dimension))
        logging, evaluation = self._logging(x), self._evaluation(x)
        noise = rng.gumbel(size=logging.shape)
        actions = np.argmax(np.log(logging) + noise, axis=1)
        rows = np.arange(n)
        won = rng.random(n) < self._chance(x)[rows, actions]
        return Log(x, actions, np.where(won, 1.0, -1.0), logging[rows, actions], evaluation)

    def value(self, rng: np.random.Generator, blocks: int = TRUTH_BLOCKS) -> float:
        """V(π_e), exact over actions and rewards, averaged over 100,000 contexts per block."""
        means = []
        for _ in range(blocks):
            x = rng.standard_normal((CONTEXTS_PER_BLOCK, self.actions, self.dimension))
            means.append((self._evaluation(x) * self.mean_reward(x)).sum(axis=1).mean())
        return float(np.mean(means))

    def mean_reward(self, x: Floats) -> Floats:
        """E[r|x, a] of candidates with features `x` (..., d), shape (...)."""
        mean: Floats = 2 * self._chance(x) - 1
        return mean

    def _chance(self, x: Floats) -> Floats:
        logit = x @ _direction(self.dimension) + 0.5 * x[..., 0] * x[..., 1]
        chance: Floats = 1 / (1 + np.exp(-logit))
        return chance

    def _logging(self, x: Floats) -> Floats:
        greedy = _softmax(x[..., 1])
        mixed: Floats = (1 - self.exploration) * greedy + self.exploration / self.actions
        return mixed

    def _evaluation(self, x: Floats) -> Floats:
        return _softmax(x @ _direction(self.dimension) / self.temperature)


def _direction(d: int) -> Floats:
    return np.linspace(0.8, -0.4, d)


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return share
