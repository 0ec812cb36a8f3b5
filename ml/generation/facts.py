"""What may truly be said about a task, the list and the moment, in words.

The phrases here feed the grammar, the templates and the synthetic data. The validator does not
use them: it reads claims out of a finished text on its own.
"""

from dataclasses import dataclass

from oo.domain.context import DayPart, PromptContext, TaskFacts

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

DURATIONS = (
    "one minute",
    "two minutes",
    "five minutes",
    "ten minutes",
    "fifteen minutes",
    "twenty minutes",
    "half an hour",
    "a few minutes",
)
"""How long a tip may propose to spend; a proposal, not a fact."""

HIGH_PRIORITY = 3
TOP_PRIORITY = 4


@dataclass(frozen=True, slots=True)
class Phrases:
    """True phrases by role; an empty role means that nothing of the kind may be stated."""

    late: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    age: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    pressing: tuple[str, ...] = ()
    count: tuple[str, ...] = ()
    share: tuple[str, ...] = ()
    now: tuple[str, ...] = ()

    def own(self) -> tuple[str, ...]:
        """The phrases about the task itself, of all roles."""
        return (*self.late, *self.due, *self.age, *self.priority, *self.pressing)


def slots(true: Phrases, context: PromptContext) -> dict[str, tuple[str, ...]]:
    """The phrases by the slot of the phrase bank that they fit; an empty slot cannot be filled."""
    return {
        "late": true.late,
        "due": true.due,
        "age_is": tuple(phrase for phrase in true.age if phrase.endswith("old")),
        "age_was": tuple(phrase for phrase in true.age if phrase.startswith("added")),
        "age_been": tuple(phrase for phrase in true.age if phrase.startswith("on your")),
        "prio": true.priority,
        "pressing": true.pressing,
        "count": true.count,
        "share": true.share if context.overdue_count else (),
        "clear": true.share if context.open_count and not context.overdue_count else (),
        "empty": () if context.open_count else true.share,
        "now": true.now,
    }


OWN_SLOTS = ("late", "due", "age_is", "age_was", "age_been", "prio", "pressing")
"""The slots that speak of one task; the others are the same for all."""


def days(count: int) -> str:
    """``1 day``, ``2 days``."""
    return f"{count} day" if count == 1 else f"{count} days"


def tasks(count: int, adjective: str) -> str:
    """``1 open task``, ``2 open tasks``."""
    return f"{count} {adjective} {'task' if count == 1 else 'tasks'}"


def phrases(context: PromptContext, index: int | None) -> Phrases:
    """The true phrases for the task at `index` of the context, or for no task at all."""
    task = None if index is None else context.tasks[index]
    return Phrases(
        late=_late(task),
        due=_due(task, context),
        age=_age(task, context),
        priority=_priority(task),
        pressing=_pressing(context, index),
        count=_counts(context),
        share=_shares(context),
        now=_now(context),
    )


def _late(task: TaskFacts | None) -> tuple[str, ...]:
    if task is None:
        return ()
    if task.overdue_since is not None:
        return (f"overdue since {task.overdue_since}",)
    if task.days_late is None or task.days_late <= 0:
        return ()
    span = days(task.days_late)
    return (f"{span} overdue", f"{span} late", f"overdue by {span}")


def _due(task: TaskFacts | None, context: PromptContext) -> tuple[str, ...]:
    if task is None or task.days_late is None or task.days_late > 0:
        return ()
    ahead = -task.days_late
    if ahead == 0:
        return ("due today",) if task.overdue_since is None else ()
    awake = context.daypart is not DayPart.NIGHT  # to someone awake at 1:00 "tomorrow" misleads
    if ahead == 1:
        return ("due tomorrow",) if awake else ("due in 1 day",)
    if awake and ahead < len(WEEKDAYS):
        return (f"due in {ahead} days", f"due on {WEEKDAYS[(context.weekday + ahead) % 7]}")
    return (f"due in {ahead} days",)


def _age(task: TaskFacts | None, context: PromptContext) -> tuple[str, ...]:
    if task is None or task.age_days is None or task.age_days < 0:
        return ()
    if task.age_days == 0:
        return () if context.daypart is DayPart.NIGHT else ("added today",)
    span = days(task.age_days)
    return (f"{span} old", f"added {span} ago", f"on your list for {span}")


def _priority(task: TaskFacts | None) -> tuple[str, ...]:
    if task is None or task.priority < HIGH_PRIORITY:
        return ()
    return (
        ("high priority", "top priority") if task.priority >= TOP_PRIORITY else ("high priority",)
    )


def _pressing(context: PromptContext, index: int | None) -> tuple[str, ...]:
    first = index == 0 and context.first_of_all
    return ("most pressing",) if first and context.open_count > 1 else ()


def _counts(context: PromptContext) -> tuple[str, ...]:
    found = [tasks(context.open_count, "open")] if context.open_count else []
    if context.overdue_count:
        found.append(tasks(context.overdue_count, "overdue"))
    return tuple(found)


def _shares(context: PromptContext) -> tuple[str, ...]:
    overdue, total = context.overdue_count, context.open_count
    if total == 0:
        return ("your list is empty",)
    if overdue == 0:
        return ("nothing is overdue",)
    if overdue == total:
        return (f"all {total} of your open tasks are overdue",) if total > 1 else ()
    return (f"{overdue} of your {total} open tasks {'is' if overdue == 1 else 'are'} overdue",)


def _now(context: PromptContext) -> tuple[str, ...]:
    if context.daypart is DayPart.NIGHT:
        return ("this late at night",)
    part, day = context.daypart.value, WEEKDAYS[context.weekday]
    found = [f"this {part}", f"this {day} {part}"]
    if context.weekday >= WEEKDAYS.index("Saturday"):
        found.append("this weekend")
    return tuple(found)
