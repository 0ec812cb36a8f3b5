"""What is the case, as a test knows it, and what a phrase must be so to be true."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class Known:
    """A task as the test knows it."""

    title: str
    priority: int
    due: date | None = None
    due_at: datetime | None = None
    added_at: datetime | None = None


@dataclass(frozen=True)
class Act:
    """A reaction as the test knows it."""

    at: datetime
    action: str
    kind: str


@dataclass(frozen=True)
class Truth:
    """Everything that is the case: open tasks by id, the zone, the instant, what was done."""

    tasks: Mapping[str, Known]
    zone: ZoneInfo
    now: datetime
    acted: Sequence[Act] = ()

    def done_on(self, first: int, last: int) -> list[datetime]:
        """The local times of what was done from `first` to `last` days ago."""
        return [
            at
            for act in self.acted
            if act.action == "done"
            and first <= (self.today - (at := act.at.astimezone(self.zone)).date()).days <= last
        ]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def part(self) -> str:
        hour = self.now.astimezone(self.zone).hour
        parts = {"morning": range(5, 12), "afternoon": range(12, 17), "evening": range(17, 22)}
        return next((name for name, hours in parts.items() if hour in hours), "night")

    def day(self, task: Known) -> date | None:
        return task.due_at.astimezone(self.zone).date() if task.due_at else task.due

    def late(self, task: Known) -> int | None:
        day = self.day(task)
        return None if day is None else (self.today - day).days

    def age(self, task: Known) -> int | None:
        if task.added_at is None:
            return None
        return max(0, (self.today - task.added_at.astimezone(self.zone).date()).days)

    def overdue(self, task: Known) -> bool:
        if task.due_at:
            return self.now > task.due_at
        return task.due is not None and self.today > task.due

    def beside(self, task: Known) -> list[int]:
        """Days since the due days of all others that have one."""
        days = [self.late(other) for other in self.tasks.values() if other is not task]
        return [late for late in days if late is not None]

    def is_longest_overdue(self, task: Known) -> bool:
        late = self.late(task)
        others = self.beside(task)
        return late is not None and bool(others) and 0 < max(others) < late

    def is_first_due(self, task: Known) -> bool:
        late = self.late(task)
        others = self.beside(task)
        return late is not None and late < 0 and bool(others) and max(others) < late

    def is_only_today(self, task: Known) -> bool:
        return self.late(task) == 0 and not self.overdue(task) and 0 not in self.beside(task)

    def is_only_overdue(self, task: Known) -> bool:
        return self.overdue(task) and self.overdue_count == 1

    @property
    def overdue_count(self) -> int:
        return sum(map(self.overdue, self.tasks.values()))

    def most_pressing(self) -> str:
        def rank(task_id: str) -> tuple[float, int, int, str]:
            task = self.tasks[task_id]
            late = self.late(task)
            clipped = -30 if late is None else min(30, max(-30, late))
            weight = clipped / 5 + 2 * task.priority
            return -weight, -clipped, -(self.age(task) or 0), task_id

        return min(self.tasks, key=rank)


Judge = Callable[[re.Match[str], Truth, str | None], bool]


def of_task(judge: Callable[[re.Match[str], Truth, Known], bool]) -> Judge:
    def judged(match: re.Match[str], truth: Truth, task_id: str | None) -> bool:
        return task_id in truth.tasks and judge(match, truth, truth.tasks[task_id])

    return judged


def since(match: re.Match[str], truth: Truth, task: Known) -> bool:
    if task.due_at is None or truth.now <= task.due_at:
        return False
    at = task.due_at.astimezone(truth.zone)
    return at.date() == truth.today and at.strftime("%H:%M") == match[1]


def due_on(match: re.Match[str], truth: Truth, task: Known) -> bool:
    coming = [truth.today + timedelta(days=ahead) for ahead in range(1, 7)]
    return truth.day(task) in [day for day in coming if WEEKDAYS[day.weekday()] == match[1]]


def this_part(match: re.Match[str], truth: Truth, _: str | None) -> bool:
    right_day = match[1] is None or match[1].strip() == WEEKDAYS[truth.today.weekday()]
    return right_day and match[2] == truth.part


def span(match: re.Match[str]) -> range:
    """The days that a span stands for: ``12 days``, ``3 weeks``, ``over 3 weeks``."""
    number = int(match["number"]) * (7 if match["unit"].startswith("week") else 1)
    return range(number + 1, number + 7) if match["over"] else range(number, number + 1)


def was_due(match: re.Match[str], truth: Truth, task: Known) -> bool:
    past = [truth.today - timedelta(days=back) for back in range(1, 7)]
    return truth.day(task) in [day for day in past if WEEKDAYS[day.weekday()] == match[1]]


def was_due_at(match: re.Match[str], truth: Truth, task: Known) -> bool:
    if task.due_at is None or truth.now <= task.due_at:
        return False
    at = task.due_at.astimezone(truth.zone)
    return at.date() == truth.today and at.strftime("%H:%M") == match[1]


def moment(match: re.Match[str], truth: Truth, _: str | None) -> bool:
    return match[1] == WEEKDAYS[truth.today.weekday()] and match[2] == truth.part


def later(match: re.Match[str], truth: Truth, task: Known) -> bool:
    return truth.late(task) in span(match) and truth.is_longest_overdue(task)


SPAN = r"(?P<over>over )?(?P<number>\d+) (?P<unit>days?|weeks?)"
DAY = "|".join(WEEKDAYS)


def clear(truth: Truth) -> bool:
    return truth.overdue_count == 0


def in_part(match: re.Match[str], truth: Truth, _: str | None) -> bool:
    hours = {"morning": range(5, 12), "afternoon": range(12, 17), "evening": range(17, 22)}
    past = truth.done_on(0, 29)
    of_part = [at for at in past if at.hour in hours[match["part"]]]
    right = (len(past), len(of_part)) == (int(match["of"]), int(match["count"]))
    return right and match["part"] == truth.part and 2 * len(of_part) > len(past) >= 12
