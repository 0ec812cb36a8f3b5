"""What a served text says, read and judged apart from the code that wrote and checked it.

Regular expressions, date arithmetic and the order of urgency are written down here a second time
on purpose: an error in the product's own must show.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.activities.hint import hints
from ml.advice.advice import pieces
from ml.languages.language import languages

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


def _span(match: re.Match[str]) -> range:
    """The days that a span stands for: ``12 days``, ``3 weeks``, ``over 3 weeks``."""
    number = int(match["number"]) * (7 if match["unit"].startswith("week") else 1)
    return range(number + 1, number + 7) if match["over"] else range(number, number + 1)


def _was_due(match: re.Match[str], truth: Truth, task: Known) -> bool:
    past = [truth.today - timedelta(days=back) for back in range(1, 7)]
    return truth.day(task) in [day for day in past if WEEKDAYS[day.weekday()] == match[1]]


def _at(match: re.Match[str], truth: Truth, task: Known) -> bool:
    if task.due_at is None or truth.now <= task.due_at:
        return False
    at = task.due_at.astimezone(truth.zone)
    return at.date() == truth.today and at.strftime("%H:%M") == match[1]


def _moment(match: re.Match[str], truth: Truth, _: str | None) -> bool:
    return match[1] == WEEKDAYS[truth.today.weekday()] and match[2] == truth.part


def _later(match: re.Match[str], truth: Truth, task: Known) -> bool:
    return truth.late(task) in _span(match) and truth.is_longest_overdue(task)


SPAN = r"(?P<over>over )?(?P<number>\d+) (?P<unit>days?|weeks?)"
DAY = "|".join(WEEKDAYS)


def _clear(truth: Truth) -> bool:
    return truth.overdue_count == 0


def _in_part(match: re.Match[str], truth: Truth, _: str | None) -> bool:
    hours = {"morning": range(5, 12), "afternoon": range(12, 17), "evening": range(17, 22)}
    past = truth.done_on(0, 29)
    of_part = [at for at in past if at.hour in hours[match["part"]]]
    right = (len(past), len(of_part)) == (int(match["of"]), int(match["count"]))
    return right and match["part"] == truth.part and 2 * len(of_part) > len(past) >= 12


COMPOSED: dict[str, tuple[str, Judge]] = {
    "most at stake": (
        rf"of all that is late, +has the most at stake; it is {SPAN} late",
        _of_task(lambda m, t, task: t.late(task) in _span(m) and t.overdue_count > 1),
    ),
    "at stake the most": (
        rf"is {SPAN} late, and of all that is late it has the most at stake",
        _of_task(lambda m, t, task: t.late(task) in _span(m) and t.overdue_count > 1),
    ),
    "go on": (
        r"you have done (\d+) things today\. take +while you are at it",
        lambda m, t, _: len(t.done_on(0, 0)) == int(m[1]) and t.part != "night",
    ),
    "enough": (
        r"you have done (\d+) things today and nothing is overdue",
        lambda m, t, _: len(t.done_on(0, 0)) == int(m[1]) and _clear(t),
    ),
    "streak": (
        r"you got something done on each of the last (\d+) days; +can be the one for today",
        lambda m, t, _: (
            not t.done_on(0, 0)
            and all(t.done_on(ago, ago) for ago in range(1, int(m[1]) + 1))
            and t.part != "night"
        ),
    ),
    "week": (
        r"you have done (\d+) things in seven days and nothing is overdue",
        lambda m, t, _: len(t.done_on(0, 6)) == int(m[1]) and _clear(t),
    ),
    "night closed": (
        r"nothing on your list is overdue, so nothing on it needs this night",
        lambda _, t, __: _clear(t) and t.part == "night",
    ),
    "their time": (
        r"of the last (?P<of>\d+) things you did, (?P<count>\d+) were done"
        r" in the (?P<part>morning|afternoon|evening)",
        _in_part,
    ),
    "weighs": (
        r"(\d+) things on your list (?:are|need)",
        lambda m, t, _: 3 <= int(m[1]) <= len(t.tasks),
    ),
    "following days": (
        r"is due tomorrow and +the day after\. finish the first today, and tomorrow is free",
        _of_task(lambda _, truth, task: truth.late(task) == -1 and truth.part != "night"),
    ),
    "late beside today": (
        r"(?:only two things press: +)?is late and +is due today"
        r"(?:\. those two first; everything else can wait|\. the rest can wait)",
        _of_task(lambda _, truth, task: truth.is_only_overdue(task) and truth.part != "night"),
    ),
    "today beside later": (
        rf"is due today and +has until (?:{DAY})",
        _of_task(lambda _, truth, task: truth.late(task) == 0 and not truth.overdue(task)),
    ),
    "whole list": (
        r"and +are all that is on your list, and neither is late",
        lambda _, truth, __: len(truth.tasks) == 2 and truth.overdue_count == 0,
    ),
    "only today": (
        r"the only thing due today|only one thing is due today|nothing else is due today",
        _of_task(lambda _, truth, task: truth.is_only_today(task)),
    ),
    "last day": (
        r"today is the last day(?: for)?",
        _of_task(lambda _, truth, task: truth.late(task) == 0 and not truth.overdue(task)),
    ),
    "only overdue": (
        r"the only thing on your list past its date|just one thing is overdue"
        r"|nothing else on your list is overdue",
        _of_task(lambda _, truth, task: truth.is_only_overdue(task)),
    ),
    "longest overdue": (
        rf"{SPAN} late, longer than anything else on your list",
        _of_task(_later),
    ),
    "oldest": (rf"of all that is overdue, +is the oldest: {SPAN}", _of_task(_later)),
    "span late": (
        rf"is {SPAN} (?:late|past its date)",
        _of_task(lambda m, truth, task: truth.late(task) in _span(m)),
    ),
    "yesterday": (
        r"was due yesterday",
        _of_task(lambda _, truth, task: truth.late(task) == 1 and truth.part != "night"),
    ),
    "was due on": (rf"was due on ({DAY})", _of_task(_was_due)),
    "was due at": (r"was due at (\d\d:\d\d)", _of_task(_at)),
    "until tomorrow": (
        r"you have until tomorrow",
        _of_task(lambda _, truth, task: truth.late(task) == -1 and truth.part != "night"),
    ),
    "until day": (rf"(?:has|have) until ({DAY})", _of_task(lambda m, t, task: _due_on(m, t, task))),
    "first": (
        rf"(?:nothing is due before(?: it,)? +on|the next date on your list is +, on) ({DAY})",
        _of_task(lambda m, t, task: t.is_first_due(task) and _due_on(m, t, task)),
    ),
    "waiting": (
        rf"(?:on your list for {SPAN} without a date|has no date and has stood there for "
        + SPAN.replace("<", "<_")
        + "|has waited "
        + SPAN.replace("<", "<__")
        + " without a date)",
        _of_task(lambda m, truth, task: _waits(m, truth, task)),
    ),
    "until morning": (
        r"can wait until morning",
        _of_task(lambda _, truth, task: truth.late(task) is None and truth.part == "night"),
    ),
    "no date": (
        r"(?:has no date yet|no day is set)",
        _of_task(lambda _, truth, task: truth.late(task) is None),
    ),
    "gave top": (r"top priority", _of_task(lambda _, __, task: task.priority == 4)),
    "day and part": (rf"it is ({DAY}) (morning|afternoon|evening)", _moment),
    "clear": (
        r"nothing on your list is overdue",
        lambda _, truth, __: truth.overdue_count == 0,
    ),
}
"""What composed lines say; read first, since their phrases hold those of others."""


def _waits(match: re.Match[str], truth: Truth, task: Known) -> bool:
    found = match.groupdict()
    plain = {
        name: found[name] or found[f"_{name}"] or found[f"__{name}"]
        for name in ("over", "number", "unit")
    }
    number = int(plain["number"]) * (7 if plain["unit"].startswith("week") else 1)
    days = range(number + 1, number + 7) if plain["over"] else range(number, number + 1)
    return truth.late(task) is None and truth.age(task) in days


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


@cache
def known_steps() -> frozenset[str]:
    """First steps and advice: they propose; a test of their own holds that they state nothing."""
    kinds = (kind.wordings["en"].steps for kind in activities().values())
    advice = [text for piece in pieces().values() for text in piece.texts["en"]]
    of_all = (
        *kinds,
        languages()["en"].unknown,
        {name: hint.steps["en"] for name, hint in hints().items()},
    )
    cases = [case.step for case in casebook() if case.language == "en"]
    steps = [step for of in of_all for steps in of.values() for step in steps]
    return frozenset((*advice, *cases, *steps))


def _of_the_second(titles: list[str], content: str, truth: Truth) -> list[str]:
    """What is stated of a second task, which is open under its title as a third one is."""
    if not titles:
        return []
    typed = {task.title for task in truth.tasks.values()}
    if unknown := set(titles) - typed:
        return [f"nothing open is called {unknown}"]
    meant = [task for task in truth.tasks.values() if task.title == titles[0]]
    if "both due today" in content:
        meant = [task for task in meant if truth.late(task) == 0 and not truth.overdue(task)]
    if "is late and" in content:
        meant = [task for task in meant if truth.is_only_today(task)]
    if until := re.search(r"has until (\w+)\. Let", content):
        days = [truth.today + timedelta(days=ahead) for ahead in range(1, 7)]
        right = [day for day in days if WEEKDAYS[day.weekday()] == until[1]]
        meant = [task for task in meant if truth.day(task) in right]
    if "due tomorrow and" in content:
        meant = [task for task in meant if truth.late(task) == -2]
    return [] if meant else [f"what is said of {titles[0]!r} is not so"]


def lies(
    content: str, task_id: str | None, truth: Truth, seen: Counter[str], about: str | None = None
) -> list[str]:
    """What `content` states that is not the case; counts in `seen` what kinds of claims it made.

    `about` is the title that is shown beside it, if the text itself names none.
    """
    found = []
    titles = re.findall(r"“(.*?)”", content)
    if about is not None:
        seen["title beside"] += 1
        title = truth.tasks[task_id].title if task_id in truth.tasks else None
        if titles or about != title:
            found.append(f"quotes {titles} beside {about!r}, the task is {title!r}")
    elif task_id is not None:
        seen["title"] += 1
        title = truth.tasks[task_id].title if task_id in truth.tasks else None
        if titles[:1] != [title] or len(titles) > 3:
            found.append(f"quotes {titles}, the task is {title!r}")
        found.extend(_of_the_second(titles[1:], content, truth))
    elif titles:
        found.append(f"quotes {titles} and is about no task")
    rest = re.sub(r"“.*?”", " ", content)
    for step in known_steps():
        rest = rest.strip().removesuffix(step).removeprefix(step)
    for name, (pattern, judge) in (COMPOSED | READINGS).items():
        for match in re.finditer(rf"\b{pattern}\b", rest, re.IGNORECASE):
            seen[name] += 1
            if not judge(match, truth, task_id):
                found.append(f"{name}: {match[0]!r}")
        rest = re.sub(rf"\b{pattern}\b", " ", rest, flags=re.IGNORECASE)
    found.extend(f"cannot read {match[0]!r}" for match in UNREAD.finditer(rest))
    return found
