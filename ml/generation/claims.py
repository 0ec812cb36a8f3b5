"""Claims in a text: each way to state a fact, and what it claims where the context proves it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from oo.domain.claims import Claim, Fact
from oo.domain.context import DayPart, PromptContext, TaskFacts

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = "|".join(_DAYS)
_PART = "|".join(part.value for part in DayPart)
_HIGH, _TOP = 3, 4


@dataclass(frozen=True, slots=True)
class Claims:
    """The roles of the true claims, in no order, what they claim, a reason for each untrue one."""

    stated: tuple[str, ...]
    proven: tuple[Claim, ...]
    untrue: tuple[str, ...]


Proof = Callable[[re.Match[str], PromptContext, TaskFacts | None], tuple[Claim, ...] | None]
"""What a matched phrase claims, or None where the context does not make it true."""
ProofOfTask = Callable[[re.Match[str], PromptContext, TaskFacts], Claim | None]


@dataclass(frozen=True, slots=True)
class _Form:
    role: str
    pattern: re.Pattern[str]
    proof: Proof


def _form(role: str, pattern: str, proof: Proof) -> _Form:
    return _Form(role, re.compile(rf"\b{pattern}\b", re.IGNORECASE), proof)


def _of_task(proof: ProofOfTask) -> Proof:
    def prove(
        match: re.Match[str], context: PromptContext, task: TaskFacts | None
    ) -> tuple[Claim, ...] | None:
        claim = None if task is None else proof(match, context, task)
        return None if claim is None else (claim,)

    return prove


def _span(match: re.Match[str]) -> int:
    """The number of a span of days, or 0 where number and noun disagree."""
    count, noun = int(match[1]), match[2].lower()
    return count if (noun == "day") == (count == 1) else 0


def _awake(context: PromptContext) -> bool:
    return context.daypart is not DayPart.NIGHT


def _late(match: re.Match[str], _: PromptContext, task: TaskFacts) -> Claim | None:
    span = _span(match)
    true = span > 0 and task.days_late == span
    return Claim(Fact.DAYS_LATE, task.task_id, span) if true else None


def _since(match: re.Match[str], _: PromptContext, task: TaskFacts) -> Claim | None:
    true = match[1] == task.overdue_since
    return Claim(Fact.OVERDUE_SINCE, task.task_id, match[1]) if true else None


def _due_in(match: re.Match[str], _: PromptContext, task: TaskFacts) -> Claim | None:
    span = _span(match)
    true = span > 0 and task.days_late == -span
    return Claim(Fact.DUE_IN, task.task_id, span) if true else None


def _due_today(_: re.Match[str], __: PromptContext, task: TaskFacts) -> Claim | None:
    true = task.days_late == 0 and task.overdue_since is None
    return Claim(Fact.DUE_TODAY, task.task_id) if true else None


def _due_tomorrow(_: re.Match[str], context: PromptContext, task: TaskFacts) -> Claim | None:
    true = task.days_late == -1 and _awake(context)
    return Claim(Fact.DUE_TOMORROW, task.task_id) if true else None


def _due_on(match: re.Match[str], context: PromptContext, task: TaskFacts) -> Claim | None:
    day = _DAYS.index(match[1].lower())
    ahead = (day - context.weekday) % len(_DAYS)
    true = _awake(context) and ahead > 0 and task.days_late == -ahead
    return Claim(Fact.DUE_ON, task.task_id, day) if true else None


def _age(match: re.Match[str], _: PromptContext, task: TaskFacts) -> Claim | None:
    span = _span(match)
    true = span > 0 and task.age_days == span
    return Claim(Fact.AGE, task.task_id, span) if true else None


def _added_today(_: re.Match[str], context: PromptContext, task: TaskFacts) -> Claim | None:
    true = task.age_days == 0 and _awake(context)
    return Claim(Fact.ADDED_TODAY, task.task_id) if true else None


def _priority(least: int) -> ProofOfTask:
    def prove(_: re.Match[str], __: PromptContext, task: TaskFacts) -> Claim | None:
        true = task.priority >= least
        return Claim(Fact.PRIORITY, task.task_id, least) if true else None

    return prove


def _pressing(_: re.Match[str], context: PromptContext, task: TaskFacts) -> Claim | None:
    true = context.first_of_all and task == context.tasks[0] and context.open_count > 1
    return Claim(Fact.MOST_PRESSING, task.task_id) if true else None


def _open(count: int) -> Claim:
    return Claim(Fact.OPEN_COUNT, value=count)


def _overdue(count: int) -> Claim:
    return Claim(Fact.OVERDUE_COUNT, value=count)


def _counted(
    match: re.Match[str], context: PromptContext, _: TaskFacts | None
) -> tuple[Claim, ...] | None:
    count, adjective, noun = int(match[1]), match[2].lower(), match[3].lower()
    total = context.open_count if adjective == "open" else context.overdue_count
    true = count == total > 0 and (noun == "task") == (count == 1)
    return (_open(count) if adjective == "open" else _overdue(count),) if true else None


def _share(
    match: re.Match[str], context: PromptContext, _: TaskFacts | None
) -> tuple[Claim, ...] | None:
    overdue, total, verb = int(match[1]), int(match[2]), match[3].lower()
    right = (overdue, total) == (context.overdue_count, context.open_count)
    true = right and 0 < overdue < total and verb == ("is" if overdue == 1 else "are")
    return (_overdue(overdue), _open(total)) if true else None


def _all(
    match: re.Match[str], context: PromptContext, _: TaskFacts | None
) -> tuple[Claim, ...] | None:
    count = int(match[1])
    true = count == context.open_count == context.overdue_count > 1
    return (_overdue(count), _open(count)) if true else None


def _clear(
    _: re.Match[str], context: PromptContext, __: TaskFacts | None
) -> tuple[Claim, ...] | None:
    return (_overdue(0),) if context.overdue_count == 0 < context.open_count else None


def _empty(
    _: re.Match[str], context: PromptContext, __: TaskFacts | None
) -> tuple[Claim, ...] | None:
    return (_open(0),) if context.open_count == 0 else None


def _this(
    match: re.Match[str], context: PromptContext, _: TaskFacts | None
) -> tuple[Claim, ...] | None:
    day, part = match[1], match[2].lower()
    if context.daypart != part or not _awake(context):
        return None
    now = Claim(Fact.PART_OF_DAY, value=part)
    if day is None:
        return (now,)
    number = _DAYS.index(day.strip().lower())
    return (Claim(Fact.WEEKDAY, value=number), now) if number == context.weekday else None


def _night(
    _: re.Match[str], context: PromptContext, __: TaskFacts | None
) -> tuple[Claim, ...] | None:
    return None if _awake(context) else (Claim(Fact.PART_OF_DAY, value=DayPart.NIGHT.value),)


def _weekend(
    _: re.Match[str], context: PromptContext, __: TaskFacts | None
) -> tuple[Claim, ...] | None:
    true = context.weekday > 4 and _awake(context)
    return (Claim(Fact.WEEKEND),) if true else None


_FORMS = (
    _form("late", r"(\d+) (days?) (?:overdue|late)", _of_task(_late)),
    _form("late", r"overdue by (\d+) (days?)", _of_task(_late)),
    _form("late", r"overdue since (\d\d:\d\d)", _of_task(_since)),
    _form("due", r"due today", _of_task(_due_today)),
    _form("due", r"due tomorrow", _of_task(_due_tomorrow)),
    _form("due", r"due in (\d+) (days?)", _of_task(_due_in)),
    _form("due", rf"due on ({_DAY})", _of_task(_due_on)),
    _form("age", r"(\d+) (days?) old", _of_task(_age)),
    _form("age", r"added (\d+) (days?) ago", _of_task(_age)),
    _form("age", r"on your list for (\d+) (days?)", _of_task(_age)),
    _form("age", r"added today", _of_task(_added_today)),
    _form("priority", r"top priority", _of_task(_priority(_TOP))),
    _form("priority", r"high priority", _of_task(_priority(_HIGH))),
    _form("pressing", r"most pressing", _of_task(_pressing)),
    _form("share", r"(\d+) of your (\d+) open tasks (is|are) overdue", _share),
    _form("share", r"all (\d+) of your open tasks are overdue", _all),
    _form("share", r"nothing is overdue", _clear),
    _form("share", r"your list is empty", _empty),
    _form("count", r"(\d+) (open|overdue) (tasks?)", _counted),
    _form("now", rf"this ((?:{_DAY}) )?({_PART})", _this),
    _form("now", r"this late at night", _night),
    _form("now", r"this weekend", _weekend),
    _form(
        "proposal",
        r"(?:one minute|(?:two|five|ten|fifteen|twenty|a few) minutes|half an hour)",
        lambda _, __, ___: (),
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


def read_claims(text: str, context: PromptContext, task: TaskFacts | None) -> Claims:
    """The claims of `text` (the quoted title taken out) about `task`, the list and the moment."""
    stated: list[str] = []
    proven: list[Claim] = []
    untrue: list[str] = []
    if negated := _NEGATED.search(text):
        untrue.append(f"negated: {negated[0].strip()}")
    rest = text
    for form in _FORMS:
        for match in form.pattern.finditer(rest):
            claims = form.proof(match, context, task)
            if claims is None:
                untrue.append(f"untrue: {match[0]}")
            else:
                stated.append(form.role)
                proven.extend(claims)
        rest = form.pattern.sub(" ¤ ", rest)
    untrue.extend(f"unproven: {match[0]}" for match in _CLAIMING.finditer(rest))
    return Claims(tuple(stated), tuple(proven), tuple(untrue))
