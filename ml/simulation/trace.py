"""What happened in a simulation: one row per person, one column per decision."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.simulation.reactions import Answer
from ml.simulation.scenario import DAY
from ml.simulation.tasks import NEVER, Ints
from oo.domain.statistics import Floats


@dataclass(slots=True)
class Trace:
    """The decisions of P people in order of time, all arrays (P, T).

    `minute` is when; `reward` what was earned, NaN where the tip was not seen; `expected` the true
    mean reward of the tip that was shown and `best` of the best one on offer, both given it is
    seen; `propensity` the probability with which the policy took it. `answer` holds Answers,
    `dwell_s` how long it was looked at, `arrival` the minute from which the reaction is known
    (NEVER without one). `kind` indexes KINDS, `priority` is 0 without a task.
    """

    minute: Ints
    reward: Floats
    expected: Floats
    best: Floats
    propensity: Floats
    answer: NDArray[np.int8]
    dwell_s: Floats
    arrival: Ints
    kind: NDArray[np.int8]
    priority: NDArray[np.int8]

    @classmethod
    def blank(cls, people: int, decisions: int) -> "Trace":
        """Nothing has happened yet."""
        shape = (people, decisions)

        def empty() -> Floats:
            return np.full(shape, np.nan)

        return cls(
            minute=np.full(shape, NEVER),
            reward=empty(),
            expected=empty(),
            best=empty(),
            propensity=empty(),
            answer=np.full(shape, Answer.UNSEEN, np.int8),
            dwell_s=np.zeros(shape),
            arrival=np.full(shape, NEVER),
            kind=np.zeros(shape, np.int8),
            priority=np.zeros(shape, np.int8),
        )

    @property
    def regret(self) -> Floats:
        """What the best candidate on offer would have earned more, on average; (P, T)."""
        regret: Floats = self.best - self.expected
        return regret

    def mean_reward(self) -> float:
        """The mean over all tips that were seen."""
        return float(np.nanmean(self.reward))

    def first(self, decisions: int) -> "Trace":
        """The first decisions of everybody."""
        return Trace(*(getattr(self, one.name)[:, :decisions] for one in fields(self)))

    def last(self, decisions: int) -> "Trace":
        """The last decisions of everybody."""
        return Trace(*(getattr(self, one.name)[:, -decisions:] for one in fields(self)))

    def day(self) -> Ints:
        """The day of each decision, from 0."""
        return self.minute // DAY

    def save(self, path: Path) -> None:
        """Write a NumPy archive."""
        np.savez_compressed(path, **{one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Trace":
        """The inverse of :meth:`save`."""
        with np.load(path) as stored:
            return cls(**{one.name: stored[one.name] for one in fields(cls)})
