"""The tips of one decision, for all people at once, as a writer with a given mix offers them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ml.simulation.personas import Personas
from ml.simulation.scenario import DAY, KINDS, LABELS, GenerationModel
from ml.simulation.tasks import NEVER, Ints, TaskLists
from oo.domain.statistics import Floats
from oo.domain.tips import TipKind

_ABOUT_A_TASK = np.array([kind in (TipKind.TASK, TipKind.REMINDER) for kind in KINDS])
_FULL_AGE = 30 * DAY
_RESTING = 1e6
# the usual mean and spread of the appeal of a tip, which confidence is a squashed reading of
_USUAL_APPEAL = 0.3
_USUAL_SPREAD = 0.9


@dataclass(frozen=True, slots=True)
class Candidates:
    """K tips for each of P people at `now` (P,), in minutes; arrays (P, K).

    `kind` indexes KINDS. `slot` is the task's place in the person's list, −1 where the tip speaks
    of none; `priority` is then 0, `due_day` and `added` NEVER, `label` −1. `confidence` in [0, 1].
    `appeal` is hidden: to the person, before mood and fatigue change it.
    """

    now: Ints
    kind: Ints
    slot: Ints
    priority: Ints
    due_day: Ints
    added: Ints
    label: Ints
    confidence: Floats
    appeal: Floats

    def overdue(self) -> NDArray[np.bool_]:
        """Whether the task's due day is over, as the feature `is_overdue` says it."""
        return self.due_day < (self.now // DAY)[:, None]


@dataclass(frozen=True, slots=True)
class WritingLuck:
    """Random numbers of one step's candidates: uniform (P, K), Gumbel (P, M), normal (P, K)."""

    kind: Floats
    task: Floats
    confidence: Floats


def draw_luck(
    rng: np.random.Generator, steps: int, people: int, k: int, tasks: int
) -> list[WritingLuck]:
    """The luck of each step of a day."""
    kind = rng.random((steps, people, k))
    task = rng.gumbel(size=(steps, people, tasks))
    confidence = rng.normal(size=(steps, people, k))
    return [WritingLuck(*each) for each in zip(kind, task, confidence, strict=True)]


def write(
    model: GenerationModel, personas: Personas, lists: TaskLists, now: Ints, luck: WritingLuck
) -> Candidates:
    """K tips per person: kinds by the mix, tasks by urgency and luck, no task twice."""
    kind = np.searchsorted(np.cumsum(model.mix)[:-1] / sum(model.mix), luck.kind, side="right")
    calls = lists.urgency(now) + luck.task - _RESTING * (lists.not_before > now[:, None])
    best = np.argsort(-calls, axis=1, kind="stable")[:, : model.candidates]
    slot = np.where(_ABOUT_A_TASK[kind], best, -1)
    draft = draft_of(lists, now, kind, slot)
    appeal = appeal_of(personas, draft)
    signal = model.alignment * (appeal - _USUAL_APPEAL) / _USUAL_SPREAD
    noise = np.sqrt(1 - model.alignment**2) * luck.confidence
    return replace(draft, confidence=ndtr(signal + noise), appeal=appeal)


def draft_of(lists: TaskLists, now: Ints, kind: Ints, slot: Ints) -> Candidates:
    """Tips of these kinds about the tasks in these slots, with confidence and appeal still 0."""
    blank = np.zeros(kind.shape)
    return Candidates(
        now=now,
        kind=kind,
        slot=slot,
        priority=_of_task(lists.priority, slot, 0),
        due_day=_of_task(lists.due_day, slot, NEVER),
        added=_of_task(lists.added, slot, NEVER),
        label=_of_task(lists.label, slot, -1),
        confidence=blank,
        appeal=blank,
    )


def attributes(tips: Candidates) -> Floats:
    """What preferences are about, (P, K, len(TASTES)), in the order of TASTES."""
    # no task: as if it were added now
    age = np.minimum(tips.now[:, None] - np.minimum(tips.added, tips.now[:, None]), _FULL_AGE)
    found: Floats = np.concatenate(
        [
            tips.kind[..., None] == np.arange(len(KINDS)),
            (np.maximum(tips.priority - 1, 0) / 3)[..., None],
            tips.overdue()[..., None],
            (age / _FULL_AGE)[..., None],
            tips.label[..., None] == np.arange(len(LABELS)),
        ],
        axis=-1,
        dtype=np.float64,
    )
    return found


def appeal_of(personas: Personas, tips: Candidates) -> Floats:
    """How welcome each tip is to its person (P, K), before mood and fatigue."""
    by_hour = np.take_along_axis(personas.hourly(tips.now), tips.kind, axis=1)
    appeal: Floats = np.einsum("pkn,pn->pk", attributes(tips), personas.tastes) + by_hour
    return appeal


def _of_task(values: Ints, slot: Ints, otherwise: int) -> Ints:
    found = np.take_along_axis(values, np.maximum(slot, 0), axis=1)
    return np.where(slot >= 0, found, otherwise)
