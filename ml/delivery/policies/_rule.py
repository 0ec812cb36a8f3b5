"""What policies without learning share: a score by a rule, and a little chance around it."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from ml.policies._linear import Gaussian, Linear
from oo.domain.interruptions import SPEAK
from oo.domain.policies import Scored
from oo.domain.statistics import Floats, Statistics


@dataclass(frozen=True, slots=True)
class Rule(Linear):
    """Speaks where its score is above 0; with probability `epsilon` it does the opposite."""

    epsilon: float = 0.0

    @abstractmethod
    def advantage(self, named: dict[str, float]) -> float:
        """The score of speaking, by the rule's own features; that of silence is 0."""

    def posterior(self, statistics: Statistics) -> Gaussian:
        return Gaussian(np.zeros(0), np.zeros((0, 0)), np.zeros(0))

    def score(
        self,
        posterior: Gaussian,
        x: Floats,
        rng: np.random.Generator,
        offset: Floats | float = 0.0,
    ) -> Scored:
        named = dict(zip(self.features, x[SPEAK].tolist(), strict=True))
        scores = np.array([0.0, self.advantage(named)]) + offset
        speak = 1.0 - self.epsilon if scores[1] > scores[0] else self.epsilon
        return Scored(scores, np.array([1.0 - speak, speak]))
