"""The open tasks of simulated people: a fixed number of slots each, refilled as tasks get done."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.simulation.scenario import DAY, LABELS, TaskModel

Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
_OLDEST_DAYS = 30
_DUE_DAYS = (-5, 11)
_NEW_DUE_DAYS = (0, 8)


@dataclass(slots=True)
class TaskLists:
    """M open tasks of each of P people, all arrays (P, M).

    `priority` 1 to 4; `due_day` days since the start, NEVER where there is none; `added` and
    `not_before` (a task that was put off rests until then) in minutes; `label` indexes LABELS;
    `serial` tells a task from the one that was in its slot before.
    """

    priority: Ints
    due_day: Ints
    added: Ints
    label: Ints
    not_before: Ints
    serial: Ints

    def urgency(self, now: Ints) -> NDArray[np.float64]:
        """How much each task calls for attention at `now` (P,): what a writer of tips goes by."""
        left = np.clip(np.minimum(self.due_day, 10**6) - (now // DAY)[:, None], -5, 7)
        pressed = np.where(self.due_day == NEVER, 0.0, 1.0 - left / 7)
        urgency: NDArray[np.float64] = 0.5 * (self.priority - 1) + pressed
        return urgency


@dataclass(frozen=True, slots=True)
class NewTasks:
    """Tasks that wait to be added, one per person and step of a day; arrays (S, P)."""

    priority: Ints
    due_in_days: Ints
    label: Ints


def draw_new(model: TaskModel, shape: tuple[int, ...], rng: np.random.Generator) -> NewTasks:
    """Tasks as people add them; most are due within the week."""
    return NewTasks(
        priority=_priorities(model, shape, rng),
        due_in_days=_due(model, shape, _NEW_DUE_DAYS, rng),
        label=rng.integers(len(LABELS), size=shape),
    )


def draw_lists(model: TaskModel, people: int, rng: np.random.Generator) -> TaskLists:
    """The lists on the first day: up to 30 days old, some overdue."""
    shape = (people, model.open_tasks)
    return TaskLists(
        priority=_priorities(model, shape, rng),
        due_day=_due(model, shape, _DUE_DAYS, rng),
        added=-rng.integers(_OLDEST_DAYS * DAY, size=shape),
        label=rng.integers(len(LABELS), size=shape),
        not_before=np.zeros(shape, np.int64),
        serial=np.zeros(shape, np.int64),
    )


def replace(lists: TaskLists, rows: Ints, slots: Ints, new: NewTasks, step: int, now: Ints) -> None:
    """Put the new tasks of `step` where tasks got done: one per person of `rows`, at `now` (P,)."""
    due = new.due_in_days[step, rows]
    lists.priority[rows, slots] = new.priority[step, rows]
    lists.due_day[rows, slots] = np.where(due == NEVER, NEVER, now[rows] // DAY + due)
    lists.added[rows, slots] = now[rows]
    lists.label[rows, slots] = new.label[step, rows]
    lists.not_before[rows, slots] = 0
    lists.serial[rows, slots] += 1


def _priorities(model: TaskModel, shape: tuple[int, ...], rng: np.random.Generator) -> Ints:
    return rng.choice(np.arange(1, 5), size=shape, p=model.priorities)


def _due(
    model: TaskModel, shape: tuple[int, ...], days: tuple[int, int], rng: np.random.Generator
) -> Ints:
    dated = rng.random(shape) < model.dated
    return np.where(dated, rng.integers(*days, size=shape), NEVER)
