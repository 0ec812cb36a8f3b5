"""Tasks: what a person has to do.

They have a life of their own: they are finished here or at their source, and held back when a tip
about them was snoozed. A writer is told of them as `oo.domain.context.TaskFacts`, by reference.
"""

from datetime import UTC, date, datetime

from oo.domain.signals.extent import Extent
from oo.domain.signals.kind import SignalFact, SignalKind
from oo.domain.signals.retention import WHILE_OPEN
from oo.domain.tasks import Task


def _extent(task: Task) -> Extent | None:
    # the day on which it is due stays that day wherever the person is, also beside an instant
    if task.due is not None:
        return Extent.at(task.due)
    return Extent.at(task.due_at) if task.due_at is not None else None


def _tell(task: Task, now: datetime) -> SignalFact | None:
    return None


def _urgency(task: Task, now: datetime) -> float:
    return 0.0


KIND = SignalKind(
    name="task",
    signal=Task,
    singular="open task",
    plural="open tasks",
    retention=WHILE_OPEN,
    extent=_extent,
    window=None,
    tell=_tell,
    urgency=_urgency,
    examples=(
        Task("lists:1", "lists", "1", "Pay rent", 4, due=date(2026, 11, 21), labels=("home",)),
        Task(
            "lists:2",
            "lists",
            "2",
            "Call Bob",
            due_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
            added_at=datetime(2026, 11, 1, 9, tzinfo=UTC),
            project="Errands",
            recurring=True,
        ),
        Task("lists:3", "lists", "3", "Read"),
    ),
)
