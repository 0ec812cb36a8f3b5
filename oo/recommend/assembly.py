"""What the writer is told: the most pressing first, bounded in number and size (D4)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from oo.domain import due
from oo.domain.claims import BESIDE_OTHERS, Claim, holds
from oo.domain.context import MAX_TASKS, Heard, PromptContext, TaskFacts
from oo.domain.signals import Signal
from oo.domain.standing import Moment, OpenTask, urgency
from oo.domain.tasks import Task
from oo.recommend.telling import facts_of

T = TypeVar("T", bound=OpenTask)


def assemble(
    moment: Moment,
    available: Sequence[Task],
    signals: Mapping[str, Sequence[Signal]] | None = None,
    heard: Sequence[Heard] = (),
) -> PromptContext:
    """The context of a person at that moment who may be told of the `available` tasks.

    `signals` are their current ones by kind, `heard` what they were shown lately.
    """
    ranked = most_pressing(available, moment.local)
    return PromptContext(
        daypart=moment.daypart,
        weekday=moment.local.weekday(),
        open_count=moment.open_count,
        overdue_count=moment.overdue_count,
        tasks=tuple(_facts(task, moment) for task in ranked),
        first_of_all=bool(ranked) and ranked[0].id == moment.most_pressing,
        told=facts_of(signals or {}, moment.local),
        heard=tuple(heard),
        lately=moment.lately,
        gap=moment.gap,
    )


def most_pressing(available: Iterable[T], local_now: datetime) -> list[T]:
    """Those that the writer is told of, in order."""
    return sorted(available, key=lambda task: urgency(task, local_now))[:MAX_TASKS]


def _facts(task: Task, moment: Moment) -> TaskFacts:
    return TaskFacts(
        task_id=task.id,
        title=moment.standing.title(task),
        priority=task.priority,
        days_late=due.days_late(task, moment.local),
        age_days=due.age_days(task, moment.local),
        label=task.labels[0] if task.labels else None,
        overdue_since=due.overdue_since(task, moment.local),
        standing=tuple(fact for fact in BESIDE_OTHERS if holds(Claim(fact, task.id), moment)),
    )
