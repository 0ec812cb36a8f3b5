"""Simulated people: hidden preferences, how they differ, and how they wander.

The appeal of a tip to a person is linear in its attributes (TASTES), plus what depends on the hour,
mood and fatigue; :mod:`ml.simulation.reactions` turns it into an action. Nothing here is known to a
policy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.simulation.scenario import DAY, KINDS, LABELS, PopulationModel, Stream, randomness
from oo.domain.statistics import Floats

TASTES = (*KINDS, "priority", "overdue", "age", *LABELS)
"""The attributes of a tip that a preference is about, in the order of `Personas.tastes`."""

# what people have in common, and how far one differs (standard deviation), per taste
_MEAN = {"task": 0.2, "advice": -0.2, "insight": -0.3, "reminder": 0.1}
_MEAN |= {"priority": 0.8, "overdue": 0.5, "age": -0.5}
_SPREAD = {"task": 0.5, "advice": 0.6, "insight": 0.6, "reminder": 0.5}
_SPREAD |= {"priority": 0.5, "overdue": 0.5, "age": 0.4}
_LABEL_SPREAD = 0.3
# kinds have their hour: tasks in the morning, reminders at noon, advice and insights later
_PEAK_H = {"task": 10.0, "advice": 17.0, "insight": 20.0, "reminder": 13.0}
_PEAK_SPREAD_H = 3.0
_HOUR_SWING = 0.6
# a good mood is for work, a bad one for words
_MOOD_EFFECT = {"task": 1.0, "advice": -0.5, "insight": -0.3, "reminder": 0.6}
_MOOD_MEMORY = 0.6


@dataclass(slots=True)
class Personas:
    """P people. Arrays are per person; those with a second axis of 4 are per kind.

    `tastes` (P, len(TASTES)) wander from day to day and `mood` (P,) comes and goes; the rest stays.
    `peak_min` is the minute of the day at which a kind is most welcome, `swing` by how much.
    `fatigue` is the appeal lost per recent tip, `unseen` the chance that a tip is not looked at,
    `delay_min` the mean minutes until a reaction, `pace` a shift of the log of dwell time,
    `biases` (P, 4) a liking for each answer: done, snooze, dismiss, none.
    """

    tastes: Floats
    mood: Floats
    peak_min: Floats
    swing: Floats
    fatigue: Floats
    unseen: Floats
    delay_min: Floats
    pace: Floats
    biases: Floats

    def __len__(self) -> int:
        return len(self.mood)

    def hourly(self, minute: NDArray[np.int64]) -> Floats:
        """What the hour adds to the appeal of each kind, (P, 4), at `minute` (P,)."""
        angle = 2 * np.pi * ((minute % DAY)[:, None] - self.peak_min) / DAY
        hourly: Floats = self.swing * np.cos(angle)
        return hourly

    def by_mood(self) -> Floats:
        """What the mood adds to the appeal of each kind, (P, 4)."""
        effect = np.array([_MOOD_EFFECT[kind] for kind in KINDS])
        return np.outer(self.mood, effect)


def draw_personas(model: PopulationModel, seed: int) -> Personas:
    """A population; the first P of a larger one are other people."""
    rng = randomness(seed, Stream.PERSONAS)
    people, differ = model.people, model.heterogeneity
    mean = np.array([_MEAN.get(taste, 0.0) for taste in TASTES])
    spread = np.array([_SPREAD.get(taste, _LABEL_SPREAD) for taste in TASTES])
    peak = np.array([_PEAK_H[kind] for kind in KINDS])

    def around(*shape: int) -> Floats:
        return differ * rng.normal(size=shape)

    return Personas(
        tastes=mean + spread * around(people, len(TASTES)),
        mood=rng.normal(0.0, model.mood_sd, people),
        peak_min=60 * (peak + _PEAK_SPREAD_H * around(people, len(KINDS))),
        swing=np.abs(_HOUR_SWING + 0.2 * around(people, len(KINDS))),
        fatigue=np.abs(model.fatigue * (1 + 0.3 * around(people))),
        unseen=np.clip(model.unseen * np.exp(0.5 * around(people)), 0.0, 0.9),
        delay_min=60 * model.delay_h * np.exp(0.5 * around(people)),
        pace=0.4 * around(people),
        biases=np.array([0.0, 0.0, -0.4, -0.8]) + 0.4 * around(people, 4),
    )


def wake(personas: Personas, model: PopulationModel, seed: int, day: int) -> None:
    """Take the personas from the day before to `day`: preferences wander, the mood changes."""
    rng = randomness(seed, Stream.DRIFT, day)
    personas.tastes = personas.tastes + rng.normal(0.0, model.drift, personas.tastes.shape)
    fresh = rng.normal(0.0, model.mood_sd, len(personas))
    personas.mood = _MOOD_MEMORY * personas.mood + np.sqrt(1 - _MOOD_MEMORY**2) * fresh
