"""What the generator is told about a person: size-bounded, ranked, free of raw identifiers."""

from dataclasses import dataclass
from enum import StrEnum

MAX_TASKS = 8
MAX_TITLE = 60


class DayPart(StrEnum):
    """Part of the person's local day."""

    NIGHT = "night"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"

    @classmethod
    def of(cls, hour: int) -> "DayPart":
        """The part that a local hour (0 to 23) falls in: night from 22 to 5."""
        if 5 <= hour < 12:
            return cls.MORNING
        if 12 <= hour < 17:
            return cls.AFTERNOON
        if 17 <= hour < 22:
            return cls.EVENING
        return cls.NIGHT


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """The facts of one task that a tip may state.

    `title` is one line of at most MAX_TITLE characters. `priority` runs from 1 to 4 (highest).
    `days_late` is positive when overdue, 0 when due today, negative when due later and None
    without a due day; `age_days` is None when the source does not say when it was added.
    """

    task_id: str
    title: str
    priority: int
    days_late: int | None
    age_days: int | None
    label: str | None


@dataclass(frozen=True, slots=True)
class PromptContext:
    """The person's situation: the most pressing tasks first (at most MAX_TASKS).

    `weekday` is 0 for Monday. `open_count` and `overdue_count` count all open tasks, also those
    that did not fit in `tasks`.
    """

    daypart: DayPart
    weekday: int
    open_count: int
    overdue_count: int
    tasks: tuple[TaskFacts, ...]
