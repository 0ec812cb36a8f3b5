"""What a served text says, read and judged apart from the code that wrote and checked it.

Regular expressions, date arithmetic and the order of urgency are written down here a second time
on purpose: an error in the product's own must show.
"""

import re
from collections import Counter
from datetime import timedelta
from functools import cache

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.activities.hint import hints
from ml.advice.advice import pieces
from ml.languages.language import languages
from ml.naming.who import with_who
from tests.unit.recommend.readings_named import NAMED
from tests.unit.recommend.truth import (
    DAY,
    SPAN,
    WEEKDAYS,
    Judge,
    Known,
    Truth,
    clear,
    due_on,
    in_part,
    later,
    moment,
    of_task,
    since,
    span,
    this_part,
    was_due,
    was_due_at,
)

COMPOSED: dict[str, tuple[str, Judge]] = {
    "most at stake": (
        rf"of all that is late, +has the most at stake; it is {SPAN} late",
        of_task(lambda m, t, task: t.late(task) in span(m) and t.overdue_count > 1),
    ),
    "at stake the most": (
        rf"is {SPAN} late, and of all that is late it has the most at stake",
        of_task(lambda m, t, task: t.late(task) in span(m) and t.overdue_count > 1),
    ),
    "go on": (
        r"you have done (\d+) things today\. take +while you are at it",
        lambda m, t, _: len(t.done_on(0, 0)) == int(m[1]) and t.part != "night",
    ),
    "enough": (
        r"you have done (\d+) things today and nothing is overdue",
        lambda m, t, _: len(t.done_on(0, 0)) == int(m[1]) and clear(t),
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
        lambda m, t, _: len(t.done_on(0, 6)) == int(m[1]) and clear(t),
    ),
    "night closed": (
        r"nothing on your list is overdue, so nothing on it needs this night",
        lambda _, t, __: clear(t) and t.part == "night",
    ),
    "their time": (
        r"of the last (?P<of>\d+) things you did, (?P<count>\d+) were done"
        r" in the (?P<part>morning|afternoon|evening)",
        in_part,
    ),
    "weighs": (
        r"(\d+) things on your list (?:are|need)",
        lambda m, t, _: 3 <= int(m[1]) <= len(t.tasks),
    ),
    "following days": (
        r"is due tomorrow and +the day after\. finish the first today, and tomorrow is free",
        of_task(lambda _, truth, task: truth.late(task) == -1 and truth.part != "night"),
    ),
    "late beside today": (
        r"(?:only two things press: +)?is late and +is due today"
        r"(?:\. those two first; everything else can wait|\. the rest can wait)",
        of_task(lambda _, truth, task: truth.is_only_overdue(task) and truth.part != "night"),
    ),
    "today beside later": (
        rf"is due today and +has until (?:{DAY})",
        of_task(lambda _, truth, task: truth.late(task) == 0 and not truth.overdue(task)),
    ),
    "whole list": (
        r"and +are all that is on your list, and neither is late",
        lambda _, truth, __: len(truth.tasks) == 2 and truth.overdue_count == 0,
    ),
    "only today": (
        r"the only thing due today|only one thing is due today|nothing else is due today",
        of_task(lambda _, truth, task: truth.is_only_today(task)),
    ),
    "last day": (
        r"today is the last day(?: for)?",
        of_task(lambda _, truth, task: truth.late(task) == 0 and not truth.overdue(task)),
    ),
    "only overdue": (
        r"the only thing on your list past its date|just one thing is overdue"
        r"|nothing else on your list is overdue",
        of_task(lambda _, truth, task: truth.is_only_overdue(task)),
    ),
    "longest overdue": (
        rf"{SPAN} late, longer than anything else on your list",
        of_task(later),
    ),
    "oldest": (rf"of all that is overdue, +is the oldest: {SPAN}", of_task(later)),
    "span late": (
        rf"is {SPAN} (?:late|past its date)",
        of_task(lambda m, truth, task: truth.late(task) in span(m)),
    ),
    "yesterday": (
        r"was due yesterday",
        of_task(lambda _, truth, task: truth.late(task) == 1 and truth.part != "night"),
    ),
    "was due on": (rf"was due on ({DAY})", of_task(was_due)),
    "was due at": (r"was due at (\d\d:\d\d)", of_task(was_due_at)),
    "until tomorrow": (
        r"you have until tomorrow",
        of_task(lambda _, truth, task: truth.late(task) == -1 and truth.part != "night"),
    ),
    "until day": (rf"(?:has|have) until ({DAY})", of_task(lambda m, t, task: due_on(m, t, task))),
    "first": (
        rf"(?:nothing is due before(?: it,)? +on|the next date on your list is +, on) ({DAY})",
        of_task(lambda m, t, task: t.is_first_due(task) and due_on(m, t, task)),
    ),
    "waiting": (
        rf"(?:on your list for {SPAN} without a date|has no date and has stood there for "
        + SPAN.replace("<", "<_")
        + "|has waited "
        + SPAN.replace("<", "<__")
        + " without a date)",
        of_task(lambda m, truth, task: waits(m, truth, task)),
    ),
    "until morning": (
        r"can wait until morning",
        of_task(lambda _, truth, task: truth.late(task) is None and truth.part == "night"),
    ),
    "no date": (
        r"(?:has no date yet|no day is set)",
        of_task(lambda _, truth, task: truth.late(task) is None),
    ),
    "gave top": (r"top priority", of_task(lambda _, __, task: task.priority == 4)),
    "day and part": (rf"it is ({DAY}) (morning|afternoon|evening)", moment),
    "clear": (
        r"nothing on your list is overdue",
        lambda _, truth, __: truth.overdue_count == 0,
    ),
}
"""What composed lines say; read first, since their phrases hold those of others."""


def waits(match: re.Match[str], truth: Truth, task: Known) -> bool:
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
        of_task(lambda m, truth, task: truth.late(task) == int(m[1] or m[2]) > 0),
    ),
    "overdue since": (r"overdue since (\d\d:\d\d)", of_task(since)),
    "due today": (
        r"due today",
        of_task(lambda _, truth, task: truth.late(task) == 0 and not truth.overdue(task)),
    ),
    "due tomorrow": (r"due tomorrow", of_task(lambda _, truth, task: truth.late(task) == -1)),
    "due in days": (
        r"due in (\d+) days?",
        of_task(lambda m, truth, task: truth.late(task) == -int(m[1]) < 0),
    ),
    "due on": (rf"due on ({'|'.join(WEEKDAYS)})", of_task(due_on)),
    "age": (
        r"(?:(\d+) days? old|added (\d+) days? ago|on your list for (\d+) days?)",
        of_task(lambda m, truth, task: truth.age(task) == int(m[1] or m[2] or m[3]) > 0),
    ),
    "added today": (r"added today", of_task(lambda _, truth, task: truth.age(task) == 0)),
    "top": (r"top priority", of_task(lambda _, __, task: task.priority == 4)),
    "high": (r"high priority", of_task(lambda _, __, task: task.priority >= 3)),
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
    "this part": (rf"this ((?:{'|'.join(WEEKDAYS)}) )?(morning|afternoon|evening)", this_part),
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
    cases = [with_who(case.step, "", "en") for case in casebook() if case.language == "en"]
    steps = [step for of in of_all for steps in of.values() for step in steps]
    return frozenset((*advice, *cases, *steps))


@cache
def _naming_steps() -> frozenset[str]:
    return frozenset(case.step for case in casebook() if "{" in case.step)


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
    steps = known_steps()
    if about is not None:  # a step may name whom its title names
        steps |= {with_who(step, about, "en") for step in _naming_steps()}
    for step in steps:
        rest = rest.strip().removesuffix(step).removeprefix(step)
    for name, (pattern, judge) in (NAMED | COMPOSED | READINGS).items():
        for match in re.finditer(rf"\b{pattern}\b", rest, re.IGNORECASE):
            seen[name] += 1
            if not judge(match, truth, task_id):
                found.append(f"{name}: {match[0]!r}")
        rest = re.sub(rf"\b{pattern}\b", " ", rest, flags=re.IGNORECASE)
    found.extend(f"cannot read {match[0]!r}" for match in UNREAD.finditer(rest))
    return found
