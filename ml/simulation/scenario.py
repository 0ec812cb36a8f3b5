"""What a simulation is made of: everything that is chosen, nothing that is drawn.

Times in a simulation are whole minutes since :data:`START`, in the person's local time, which is
UTC for all.
"""

from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

import numpy as np

from oo.domain.tips import TipKind

START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday, at midnight."""
DAY = 24 * 60
KINDS = tuple(TipKind)
"""The order of kinds in every array."""
LABELS = ("home", "work", "health", "errand", "people")


@dataclass(frozen=True, slots=True)
class PopulationModel:
    """How people differ and change.

    A preference of one person is the mean of all + `heterogeneity` · its usual spread · N(0, 1):
    at 0 everybody is alike and pooling is all, at 1 people are as different as by default.
    `drift` is the standard deviation of a preference's step from day to day, `mood_sd` that of a
    mood that lasts about two days. `fatigue` is what one tip within the last hours costs the next.
    `unseen` is the share of tips that nobody looks at; `delay_h` the mean time until a reaction.
    """

    people: int = 200
    heterogeneity: float = 1.0
    drift: float = 0.03
    mood_sd: float = 0.4
    fatigue: float = 0.15
    unseen: float = 0.10
    delay_h: float = 1.0


@dataclass(frozen=True, slots=True)
class GenerationModel:
    """What the writer of tips offers in one decision.

    `mix` is the share of each kind, in the order of KINDS. `alignment` in [0, 1] is how much its
    confidence says about the person's true liking (the correlation of the two before squashing).
    """

    candidates: int = 5
    mix: tuple[float, ...] = (0.45, 0.20, 0.15, 0.20)
    alignment: float = 0.4


@dataclass(frozen=True, slots=True)
class TaskModel:
    """The list of open tasks: always `open_tasks` of them, a finished one makes room for a new.

    `dated` is the share that has a due day; `own_per_day` how many people finish by themselves.
    As in the product, a snoozed task rests for 2 h and a dismissed one for 20 h.
    """

    open_tasks: int = 12
    own_per_day: int = 1
    dated: float = 0.6
    priorities: tuple[float, ...] = (0.55, 0.20, 0.15, 0.10)
    snooze_min: int = 2 * 60
    dismiss_min: int = 20 * 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """One repeatable world: the same scenario gives the same people, tasks and luck, bit for bit.

    `refit_days` is how often policies that can be trained are fitted to all people's reactions
    (0: never).
    """

    seed: int = 7
    days: int = 30
    per_day: int = 4
    refit_days: int = 7
    population: PopulationModel = field(default_factory=PopulationModel)
    generation: GenerationModel = field(default_factory=GenerationModel)
    tasks: TaskModel = field(default_factory=TaskModel)

    @property
    def decisions(self) -> int:
        """Decisions per person."""
        return self.days * self.per_day

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Scenario":
        """The inverse of :meth:`to_dict`, also after a trip through JSON."""
        parts = {"population": PopulationModel, "generation": GenerationModel, "tasks": TaskModel}
        built = {name: _part(part, values[name]) for name, part in parts.items()}
        return cls(**{**values, **built})


class Stream(IntEnum):
    """Independent streams of random numbers, so that one thing's luck never moves another's."""

    PERSONAS = 0
    TASKS = 1
    DRIFT = 2
    CLOCK = 3
    CANDIDATES = 4
    REACTIONS = 5
    PICKS = 6


def randomness(seed: int, stream: Stream, day: int = 0) -> np.random.Generator:
    """The random numbers of one stream on one day; nothing else needs to be kept of them."""
    return np.random.default_rng([seed, stream, day])


def moment(minute: int) -> datetime:
    """The instant of a simulated minute."""
    return START + timedelta(minutes=int(minute))


def _part(kind: type[Any], values: dict[str, Any]) -> Any:
    return kind(
        **{
            one.name: tuple(value) if isinstance(value := values[one.name], list) else value
            for one in fields(kind)
        }
    )
