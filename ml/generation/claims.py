"""Claims in a text: each way to state a fact, and whether the context makes it true."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from oo.domain.context import DayPart, PromptContext, TaskFacts

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = "|".join(_DAYS)
_PART = "|".join(part.value for part in DayPart)
_HIGH, _TOP = 3, 4


@dataclass(frozen=True, slots=True)
class Claims:
    """The roles of the true claims, in no order, and a reason for each untrue one."""

    stated: tuple[str, ...]
    untrue: tuple[str, ...]


Check = Callable[[re.Match[str], PromptContext, TaskFacts | None], bool]


@dataclass(frozen=True, slots=True)
class _Form:
    role: str
    pattern: re.Pattern[str]
    true: Check


def _form(role: str, pattern: str, true: Check) -> _Form:
    return _Form(role, re.compile(rf"\b{pattern}\b", re.IGNORECASE), true)


def _span(match: re.Match[str]) -> int | None:
    """The number of a span of days, or None where number and noun disagree."""
    count, noun = int(match[1]), match[2].lower()
    return count if (noun == "day") == (count == 1) else None


def _late(match: re.Match[str], _: PromptContext, task: TaskFacts | None) -> bool:
    span = _span(match)
    return span is not None and span > 0 and task is not None and task.days_late == span


def _due_in(match: re.Match[str], _: PromptContext, task: TaskFacts | None) -> bool:
    span = _span(match)
    return span is not None and span > 0 and task is not None and task.days_late == -span


def _due_today(_: re.Match[str], __: PromptContext, task: TaskFacts | None) -> bool:
    return task is not None and task.days_late == 0


def _due_tomorrow(_: re.Match[str], context: PromptContext, task: TaskFacts | None) -> bool:
    return task is not None and task.days_late == -1 and context.daypart is not DayPart.NIGHT


def _due_on(match: re.Match[str], context: PromptContext, task: TaskFacts | None) -> bool:
    ahead = (_DAYS.index(match[1].lower()) - context.weekday) % len(_DAYS)
    awake = context.daypart is not DayPart.NIGHT
    return awake and ahead > 0 and task is not None and task.days_late == -ahead


def _age(match: re.Match[str], _: PromptContext, task: TaskFacts | None) -> bool:
    span = _span(match)
    return span is not None and span > 0 and task is not None and task.age_days == span


def _added_today(_: re.Match[str], context: PromptContext, task: TaskFacts | None) -> bool:
    return task is not None and task.age_days == 0 and context.daypart is not DayPart.NIGHT


def _priority(least: int) -> Check:
    return lambda _, __, task: task is not None and task.priority >= least


def _pressing(_: re.Match[str], context: PromptContext, task: TaskFacts | None) -> bool:
    return task is not None and task == context.tasks[0] and context.open_count > 1


def _counted(match: re.Match[str], context: PromptContext, _: TaskFacts | None) -> bool:
    count, adjective, noun = int(match[1]), match[2].lower(), match[3].lower()
    total = context.open_count if adjective == "open" else context.overdue_count
    return count == total > 0 and (noun == "task") == (count == 1)


def _share(match: re.Match[str], context: PromptContext, _: TaskFacts | None) -> bool:
    overdue, total, verb = int(match[1]), int(match[2]), match[3].lower()
    right = (overdue, total) == (context.overdue_count, context.open_count)
    return right and 0 < overdue < total and verb == ("is" if overdue == 1 else "are")


def _all(match: re.Match[str], context: PromptContext, _: TaskFacts | None) -> bool:
    return int(match[1]) == context.open_count == context.overdue_count > 1


def _this(match: re.Match[str], context: PromptContext, _: TaskFacts | None) -> bool:
    day, part = match[1], match[2].lower()
    right_day = day is None or day.strip().lower() == _DAYS[context.weekday]
    return right_day and context.daypart == part and part != DayPart.NIGHT


_FORMS = (
    _form("late", r"(\d+) (days?) (?:overdue|late)", _late),
    _form("late", r"overdue by (\d+) (days?)", _late),
    _form("due", r"due today", _due_today),
    _form("due", r"due tomorrow", _due_tomorrow),
    _form("due", r"due in (\d+) (days?)", _due_in),
    _form("due", rf"due on ({_DAY})", _due_on),
    _form("age", r"(\d+) (days?) old", _age),
    _form("age", r"added (\d+) (days?) ago", _age),
    _form("age", r"on your list for (\d+) (days?)", _age),
    _form("age", r"added today", _added_today),
    _form("priority", r"top priority", _priority(_TOP)),
    _form("priority", r"high priority", _priority(_HIGH)),
    _form("pressing", r"most pressing", _pressing),
    _form("share", r"(\d+) of your (\d+) open tasks (is|are) overdue", _share),
    _form("share", r"all (\d+) of your open tasks are overdue", _all),
    _form("share", r"nothing is overdue", lambda _, c, __: c.overdue_count == 0 < c.open_count),
    _form("share", r"your list is empty", lambda _, c, __: c.open_count == 0),
    _form("count", r"(\d+) (open|overdue) (tasks?)", _counted),
    _form("now", rf"this ((?:{_DAY}) )?({_PART})", _this),
    _form("now", r"this late at night", lambda _, c, __: c.daypart is DayPart.NIGHT),
    _form(
        "now", r"this weekend", lambda _, c, __: c.weekday > 4 and c.daypart is not DayPart.NIGHT
    ),
    _form(
        "proposal",
        r"(?:one minute|(?:two|five|ten|fifteen|twenty|a few) minutes|half an hour)",
        lambda _, __, ___: True,
    ),
)

_NEGATED = re.compile(
    r"(?:\b(?:not|no|never|without|hardly|barely|almost|nearly|isn[’']t|aren[’']t)\b[^.;]*)"
    r"\b(?:overdue|late|due|old|added|priority|pressing|open|list)\b",
    re.IGNORECASE,
)
_CLAIMING = re.compile(
    rf"""\d|\b(?:
    two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|hundred
    |dozens?|twice|third|quarter|one\s+of|half\s+of|both|couple
    |overdue|due|late|later\s+than|deadline|old|older|oldest|new\s+task|added|ago|since|for\s+days
    |days?|weeks?|months?|years?|minutes?|hours|o'clock|noon|midnight
    |today|tomorrow|yesterday|tonight|morning|afternoon|evening|night|weekend|weekday|{_DAY}
    |priority|urgent|important|pressing|easiest|longest|latest|earliest|newest|nearest|only
    |all\s+of|every\s+task|none|nothing|nobody|no\s+tasks?|empty
    |(?:open|overdue|late|finished|done)\s+tasks?
    |you\s+(?:did|finished|skipped|missed|forgot|promised|always|never|usually|often)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def untrue_claims(text: str, context: PromptContext, task: TaskFacts | None) -> Claims:
    """The claims of `text` (the quoted title taken out) about `task`, the list and the moment."""
    stated, untrue = [], []
    if negated := _NEGATED.search(text):
        untrue.append(f"negated: {negated[0].strip()}")
    rest = text
    for form in _FORMS:
        for match in form.pattern.finditer(rest):
            if form.true(match, context, task):
                stated.append(form.role)
            else:
                untrue.append(f"untrue: {match[0]}")
        rest = form.pattern.sub(" ¤ ", rest)
    untrue.extend(f"unproven: {match[0]}" for match in _CLAIMING.finditer(rest))
    return Claims(tuple(stated), tuple(untrue))
