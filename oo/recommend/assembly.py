"""What the writer is told: the most pressing tasks first, bounded in number and size (D4)."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from oo.domain.context import MAX_TASKS, MAX_TITLE, DayPart, PromptContext, TaskFacts
from oo.domain.tasks import Task


def assemble(now: datetime, tasks: Sequence[Task]) -> PromptContext:
    """The context of a person with these open tasks at local time `now`."""
    facts = sorted((_facts(task, now) for task in tasks), key=_urgency)
    return PromptContext(
        daypart=DayPart.of(now.hour),
        weekday=now.weekday(),
        open_count=len(facts),
        overdue_count=sum(fact.days_late is not None and fact.days_late > 0 for fact in facts),
        tasks=tuple(facts[:MAX_TASKS]),
    )


def _facts(task: Task, now: datetime) -> TaskFacts:
    zone = now.tzinfo or ZoneInfo("UTC")
    due = task.due or (task.due_at.astimezone(zone).date() if task.due_at else None)
    added = task.added_at.astimezone(zone).date() if task.added_at else None
    return TaskFacts(
        task_id=task.id,
        title=one_line(task.title),
        priority=task.priority,
        days_late=None if due is None else (now.date() - due).days,
        age_days=None if added is None else max(0, (now.date() - added).days),
        label=task.labels[0] if task.labels else None,
    )


def one_line(text: str) -> str:
    """`text` on one line of at most MAX_TITLE characters, without control characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


def _urgency(fact: TaskFacts) -> tuple[float, int, int, str]:
    """Smaller is more pressing: lateness and priority together, then age."""
    late = -30 if fact.days_late is None else max(-30, min(fact.days_late, 30))
    return (-(late / 5 + 2.0 * fact.priority), -late, -(fact.age_days or 0), fact.task_id)
