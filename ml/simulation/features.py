"""The registry's features for many people at once.

Each column here says in arrays what the feature of that name in `ml.features` says of one
candidate; a test holds the two equal. A feature that has no column here is computed by the
registry's own function, candidate by candidate: slower, and never missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ml.features import REGISTRY
from ml.features.registry import Situation
from ml.features.tasks import FULL_AGE_DAYS
from ml.simulation.candidates import Candidates
from ml.simulation.scenario import DAY, KINDS, LABELS, moment
from ml.simulation.tasks import NEVER
from oo.domain.statistics import Floats
from oo.domain.tasks import Task
from oo.domain.tips import Offer, TipKind

WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Batch:
    """The candidates of P people and what is known about each person: `profile` values are (P,)."""

    tips: Candidates
    profile: Mapping[str, Floats]

    def hour(self) -> Floats:
        """The local hour (P, 1) with its fraction."""
        hour: Floats = (self.tips.now % DAY)[:, None] / 60
        return hour

    def turn(self, period_min: int) -> Floats:
        """Where `now` stands on a circle of that many minutes, (P, 1), in radians."""
        angle: Floats = 2 * np.pi * (self.tips.now % period_min)[:, None] / period_min
        return angle

    def is_kind(self, kind: TipKind) -> Floats:
        """1 where the tip is of that kind, (P, K)."""
        matches: Floats = (self.tips.kind == KINDS.index(kind)).astype(np.float64)
        return matches

    def about_task(self) -> Floats:
        """1 where the tip speaks of a task, (P, K)."""
        return (self.tips.slot >= 0).astype(np.float64)

    def priority(self) -> Floats:
        """The task's priority as 0 to 1, (P, K)."""
        scaled: Floats = np.maximum(self.tips.priority - 1, 0) / 3
        return scaled

    def known(self, name: str) -> Floats:
        """A number of the profile, (P, 1)."""
        return self.profile[name][:, None]


def _task_age(batch: Batch) -> Floats:
    tips = batch.tips
    added = np.minimum(tips.added, tips.now[:, None])  # no task: as if it were added now
    age: Floats = np.minimum((tips.now[:, None] - added) / DAY, FULL_AGE_DAYS) / FULL_AGE_DAYS
    return age


def _preferred_hour(batch: Batch) -> Floats:
    angle = batch.turn(DAY)
    near: Floats = np.sin(angle) * batch.known("preferred_hour_sin")
    return near + np.cos(angle) * batch.known("preferred_hour_cos")


COLUMNS: Mapping[str, Callable[[Batch], Floats]] = {
    "is_overdue": lambda batch: batch.tips.overdue().astype(np.float64),
    "task_age_days": _task_age,
    "priority": Batch.priority,
    "hour_of_day": lambda batch: batch.hour() / 24,
    "day_of_week": lambda batch: (batch.tips.now % WEEK)[:, None] / WEEK,
    "hour_sin": lambda batch: np.sin(batch.turn(DAY)),
    "hour_cos": lambda batch: np.cos(batch.turn(DAY)),
    "weekday_sin": lambda batch: np.sin(batch.turn(WEEK)),
    "weekday_cos": lambda batch: np.cos(batch.turn(WEEK)),
    "is_advice": lambda batch: batch.is_kind(TipKind.ADVICE),
    "is_insight": lambda batch: batch.is_kind(TipKind.INSIGHT),
    "is_reminder": lambda batch: batch.is_kind(TipKind.REMINDER),
    "llm_confidence": lambda batch: 2.0 * batch.tips.confidence - 1.0,
    "intercept": lambda _: np.ones((1, 1)),
    "task_hour_sin": lambda batch: batch.about_task() * np.sin(batch.turn(DAY)),
    "task_hour_cos": lambda batch: batch.about_task() * np.cos(batch.turn(DAY)),
    "priority_hour_sin": lambda batch: batch.priority() * np.sin(batch.turn(DAY)),
    "priority_hour_cos": lambda batch: batch.priority() * np.cos(batch.turn(DAY)),
    "completion_rate": lambda batch: batch.known("completion_rate"),
    "dismiss_rate": lambda batch: batch.known("dismiss_rate"),
    "mean_dwell": lambda batch: batch.known("mean_dwell"),
    "tip_volume": lambda batch: batch.known("tip_volume"),
    "preferred_hour": _preferred_hour,
}


def column(name: str, batch: Batch) -> Floats:
    """One feature of all candidates, (P, K). Raises KeyError if it is not in the registry."""
    shape = batch.tips.kind.shape
    if name in COLUMNS:
        return np.broadcast_to(COLUMNS[name](batch), shape)
    compute = {feature.name: feature.compute for feature in REGISTRY}[name]
    values = [compute(situation(batch, *place)) for place in np.ndindex(shape)]
    return np.array(values, np.float64).reshape(shape)


def design(names: tuple[str, ...], batch: Batch) -> Floats:
    """The features that a policy asks for, (P, K, len(names))."""
    columns = [column(name, batch) for name in names]
    return np.stack(columns, axis=-1) if columns else np.zeros((*batch.tips.kind.shape, 0))


def situation(batch: Batch, person: int, k: int) -> Situation:
    """One candidate as the registry sees it."""
    one = offer(batch.tips, person, k)
    profile = {name: float(values[person]) for name, values in batch.profile.items()}
    return Situation(moment(batch.tips.now[person]), one.task, one.kind, one.confidence, profile)


def offer(tips: Candidates, person: int, k: int) -> Offer:
    """One candidate as the product knows it."""
    kind, confidence = KINDS[tips.kind[person, k]], float(tips.confidence[person, k])
    return Offer(kind, confidence, _task(tips, person, k) if tips.slot[person, k] >= 0 else None)


def _task(tips: Candidates, person: int, k: int) -> Task:
    due, slot = int(tips.due_day[person, k]), int(tips.slot[person, k])
    label = LABELS[tips.label[person, k]]
    return Task(
        id=f"simulation:{slot}",
        source="simulation",
        external_id=str(slot),
        title=f"A task of the label {label}",
        priority=int(tips.priority[person, k]),
        due=None if due == NEVER else moment(due * DAY).date(),
        added_at=moment(int(tips.added[person, k])),
        labels=(label,),
    )
