"""What a served text says, read and judged apart from the code that wrote and checked it.

Regular expressions, date arithmetic and the order of urgency are written down here a second time
on purpose: an error in the product's own must show.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
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
class Truth:
    """Everything that is the case: the open tasks by id, the zone and the instant."""

    tasks: Mapping[str, Known]
    zone: ZoneInfo
    now: datetime

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


def _of_task(judge: Callable[[re.Match[str], Truth, Known], bool]) -> Judge:
    def judged(match: re.Match[str], truth: Truth, task_id: str | None) -> bool:
        return task_id in truth.tasks and judge(match, truth, truth.tasks[task_id])

    return judged


def _since(match: re.Match[str], truth: Truth, task: Known) -> bool:
    if task.due_at is None or truth.now <= task.due_at:
        return False
    at = task.due_at.astimezone(truth.zone)
    return at.date() == truth.today and at.strftime("%H:%M") == match[1]


def _due_on(match: re.Match[str], truth: Truth, task: Known) -> bool:
    coming = [truth.today + timedelta(days=ahead) for ahead in range(1, 7)]
    return truth.day(task) in [day for day in coming if WEEKDAYS[day.weekday()] == match[1]]


def _this(match: re.Match[str], truth: Truth, _: str | None) -> bool:
    right_day = match[1] is None or match[1].strip() == WEEKDAYS[truth.today.weekday()]
    return right_day and match[2] == truth.part


READINGS: dict[str, tuple[str, Judge]] = {
    "days late": (
        r"(?:(\d+) days? (?:overdue|late)|overdue by (\d+) days?)",
        _of_task(lambda m, truth, task: truth.late(task) == int(m[1] or m[2]) > 0),
    ),
    "overdue since": (r"overdue since (\d\d:\d\d)", _of_task(_since)),
    "due today": (
        r"due today",
        _of_task(lambda _, truth, task: truth.late(task) == 0 and not truth.overdue(task)),
    ),
    "due tomorrow": (r"due tomorrow", _of_task(lambda _, truth, task: truth.late(task) == -1)),
    "due in days": (
        r"due in (\d+) days?",
        _of_task(lambda m, truth, task: truth.late(task) == -int(m[1]) < 0),
    ),
    "due on": (rf"due on ({'|'.join(WEEKDAYS)})", _of_task(_due_on)),
    "age": (
        r"(?:(\d+) days? old|added (\d+) days? ago|on your list for (\d+) days?)",
        _of_task(lambda m, truth, task: truth.age(task) == int(m[1] or m[2] or m[3]) > 0),
    ),
    "added today": (r"added today", _of_task(lambda _, truth, task: truth.age(task) == 0)),
    "top": (r"top priority", _of_task(lambda _, __, task: task.priority == 4)),
    "high": (r"high priority", _of_task(lambda _, __, task: task.priority >= 3)),
    "most pressing": (
        r"most pressing",
        lambda _, truth, task_id: len(truth.tasks) > 1 and truth.most_pressing() == task_id,
    ),
    "share": (
        r"(\d+) of your (\d+) open tasks (?:is|are) overdue",
        lambda m, truth, _: (int(m[1]), int(m[2])) == (truth.overdue_count, len(truth.tasks)),
    ),
    "all": (
        r"all (\d+) of your open tasks are overdue",
        lambda m, truth, _: int(m[1]) == truth.overdue_count == len(truth.tasks),
    ),
    "nothing overdue": (r"nothing is overdue", lambda _, truth, __: truth.overdue_count == 0),
    "empty": (r"your list is empty", lambda _, truth, __: not truth.tasks),
    "open count": (r"(\d+) open tasks?", lambda m, truth, _: int(m[1]) == len(truth.tasks)),
    "overdue count": (
        r"(\d+) overdue tasks?",
        lambda m, truth, _: int(m[1]) == truth.overdue_count,
    ),
    "this part": (rf"this ((?:{'|'.join(WEEKDAYS)}) )?(morning|afternoon|evening)", _this),
    "night": (r"this late at night", lambda _, truth, __: truth.part == "night"),
    "weekend": (r"this weekend", lambda _, truth, __: truth.today.weekday() in (5, 6)),
}
UNREAD = re.compile(
    r"\d|\b(overdue|due|late|old|ago|priority|pressing|today|tomorrow|weekend|morning|afternoon"
    r"|evening|tonight|\w+day)\b",
    re.IGNORECASE,
)


def lies(content: str, task_id: str | None, truth: Truth, seen: Counter[str]) -> list[str]:
    """What `content` states that is not the case; counts in `seen` what kinds of claims it made."""
    found = []
    titles = re.findall(r"“(.*?)”", content)
    if task_id is not None:
        seen["title"] += 1
        title = truth.tasks[task_id].title if task_id in truth.tasks else None
        if titles != [title]:
            found.append(f"quotes {titles}, the task is {title!r}")
    elif titles:
        found.append(f"quotes {titles} and is about no task")
    rest = re.sub(r"“.*?”", " ", content)
    for name, (pattern, judge) in READINGS.items():
        for match in re.finditer(rf"\b{pattern}\b", rest, re.IGNORECASE):
            seen[name] += 1
            if not judge(match, truth, task_id):
                found.append(f"{name}: {match[0]!r}")
        rest = re.sub(rf"\b{pattern}\b", " ", rest, flags=re.IGNORECASE)
    found.extend(f"cannot read {match[0]!r}" for match in UNREAD.finditer(rest))
    return found
