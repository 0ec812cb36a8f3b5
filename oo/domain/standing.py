"""How a person's whole list stands at an instant, in a form that answers in microseconds."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import NamedTuple, Protocol

from oo.domain import due
from oo.domain.context import DayPart, Gap, Lately, one_line
from oo.domain.lately import NOTHING_BESIDE, Beside, gap_before, sum_up


class OpenTask(due.Dated, Protocol):
    """What a claim can be about; `Task` is one, and so is `Listed`."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def priority(self) -> int: ...


class Listed(NamedTuple):
    """An open task as far as claims go; see `Task`."""

    id: str
    title: str
    priority: int
    due: date | None = None
    due_at: datetime | None = None
    added_at: datetime | None = None


def urgency(task: OpenTask, local_now: datetime) -> tuple[float, int, int, str]:
    """Smaller is more pressing: lateness and priority together, then age. Fixed for a local day."""
    days = due.days_late(task, local_now)
    late = -30 if days is None else max(-30, min(days, 30))
    age = due.age_days(task, local_now) or 0
    return (-(late / 5 + 2.0 * task.priority), -late, -age, task.id)


class Standing:
    """All open tasks of a person, resting ones too, and the zone that the person lives in.

    `beside` is what else is known of the person, where it was asked for. Sorting and ranking are
    paid for once; `at` then costs no more for thousands of tasks.
    """

    def __init__(
        self, tasks: Iterable[OpenTask], zone: tzinfo, beside: Beside = NOTHING_BESIDE
    ) -> None:
        self.zone = zone
        self.beside = beside
        self.tasks = {task.id: task for task in tasks}
        every = self.tasks.values()
        self._instants = sorted(task.due_at for task in every if task.due_at is not None)
        self._days = sorted(
            task.due for task in every if task.due_at is None and task.due is not None
        )
        self._calendar = sorted(
            day for task in every if (day := due.due_day(task, zone)) is not None
        )
        self._titles: dict[str, str] = {}
        self._pressing: tuple[date, str | None] | None = None

    def at(self, now: datetime) -> "Moment":
        """The list at the instant `now`."""
        return Moment(self, now.astimezone(self.zone))

    def title(self, task: OpenTask) -> str:
        """The task's title as contexts hold it."""
        if (known := self._titles.get(task.id)) is None:
            known = self._titles[task.id] = one_line(task.title)
        return known

    def overdue_count(self, local_now: datetime) -> int:
        """How many tasks `due.is_overdue` is true of."""
        # both lists are sorted: what lies before the present is what the definition counts
        return bisect_left(self._instants, local_now) + bisect_left(self._days, local_now.date())

    def next_due(self, local_now: datetime) -> datetime | None:
        """The next instant at which a task becomes overdue within the day."""
        place = bisect_left(self._instants, local_now)
        return self._instants[place] if place < len(self._instants) else None

    def due_on(self, day: date) -> int:
        """How many tasks have that due day, overdue within it or not."""
        return bisect_right(self._calendar, day) - bisect_left(self._calendar, day)

    @property
    def earliest_days(self) -> tuple[date | None, date | None]:
        """The two earliest due days, equal where two tasks share it; None where there is none."""
        first, second = (*self._calendar[:2], None, None)[:2]
        return first, second

    def most_pressing(self, local_now: datetime) -> str | None:
        """The id of the most pressing task, None for an empty list."""
        today = local_now.date()
        if self._pressing is None or self._pressing[0] != today:
            first = min(
                self.tasks.values(), key=lambda task: urgency(task, local_now), default=None
            )
            self._pressing = (today, first.id if first else None)
        return self._pressing[1]


class Moment:
    """A person's list and clock at one instant; `local` is that instant in the person's zone."""

    def __init__(self, standing: Standing, local: datetime) -> None:
        self.standing = standing
        self.local = local
        self.daypart = DayPart.of(local.hour)

    @property
    def open_count(self) -> int:
        """All open tasks."""
        return len(self.standing.tasks)

    @cached_property
    def overdue_count(self) -> int:
        """Those of them that are overdue."""
        return self.standing.overdue_count(self.local)

    def due_on(self, day: date) -> int:
        """How many tasks have that due day."""
        return self.standing.due_on(day)

    @property
    def earliest_days(self) -> tuple[date | None, date | None]:
        """The two earliest due days of the list."""
        return self.standing.earliest_days

    @property
    def most_pressing(self) -> str | None:
        """The id of the most pressing task of the whole list."""
        return self.standing.most_pressing(self.local)

    @cached_property
    def lately(self) -> Lately | None:
        """What the person did; None where their reactions were not asked for."""
        acted = self.standing.beside.acted
        return None if acted is None else sum_up(acted, self.local)

    @property
    def gap(self) -> Gap | None:
        """The free time before the next event of today, if the person is free and there is one."""
        return gap_before(self.standing.beside.busy, self.local)
