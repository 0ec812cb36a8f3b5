"""What sentences with short names of tasks state, read apart from the code that wrote them."""

from collections.abc import Callable
from datetime import timedelta

from tests.unit.recommend.truth import (
    DAY,
    SPAN,
    WEEKDAYS,
    Judge,
    Known,
    Truth,
    later,
    of_task,
    span,
    was_due,
)

NAME = r".{1,90}?"
BE = r"(?:is|are)"


def _today(task: Known, truth: Truth) -> bool:
    return truth.late(task) == 0 and not truth.overdue(task)


def _on(truth: Truth, weekday: str) -> set[object]:
    coming = [truth.today + timedelta(days=ahead) for ahead in range(1, 7)]
    return {day for day in coming if WEEKDAYS[day.weekday()] == weekday}


def _some(truth: Truth, is_so: Callable[[Known], bool]) -> bool:
    return any(map(is_so, truth.tasks.values()))


NAMED: dict[str, tuple[str, Judge]] = {
    "named: only today": (
        rf"{BE} due today, and nothing else is|only {NAME} {BE} due today|one date today",
        of_task(lambda _, truth, task: truth.is_only_today(task)),
    ),
    "named: its day": (
        r"today is the day for",
        of_task(lambda _, truth, task: _today(task, truth)),
    ),
    "named: day after": (
        rf"{BE} due tomorrow, and the day after comes {NAME}\. finish the first today and tomorrow",
        of_task(
            lambda _, truth, task: (
                truth.late(task) == -1
                and truth.part != "night"
                and _some(truth, lambda other: truth.late(other) == -2)
            )
        ),
    ),
    "named: tomorrow": (
        r"tomorrow is the day for",
        of_task(lambda _, truth, task: truth.late(task) == -1 and truth.part != "night"),
    ),
    "named: late beside today": (
        rf"{BE} late, and due today: {NAME}\. those two first"
        rf"|two things press: {NAME}, which {BE} late, and for today",
        of_task(
            lambda _, truth, task: (
                truth.is_only_overdue(task)
                and truth.part != "night"
                and _some(truth, truth.is_only_today)
            )
        ),
    ),
    "named: today beside later": (
        rf"{BE} due today; until ({DAY}) there is time for",
        of_task(
            lambda match, truth, task: (
                _today(task, truth)
                and _some(truth, lambda other: truth.day(other) in _on(truth, match[1]))
            )
        ),
    ),
    "named: whole list": (
        r"are your whole list, and neither is late",
        lambda _, truth, __: len(truth.tasks) == 2 and truth.overdue_count == 0,
    ),
    "named: most at stake": (
        rf"of all that is late, most is at stake with {NAME}: {SPAN}",
        of_task(lambda m, truth, task: truth.late(task) in span(m) and truth.overdue_count > 1),
    ),
    "named: longest": (
        rf"{BE} {SPAN} late, longer than anything else(?: on your list)?",
        of_task(later),
    ),
    "named: late the longest": (
        rf"(?:has|have) been late the longest: {SPAN}",
        of_task(later),
    ),
    "named: span late": (
        rf"{BE} {SPAN} (?:late|past the date)",
        of_task(lambda m, truth, task: truth.late(task) in span(m)),
    ),
    "named: only overdue": (
        rf"only {NAME} {BE} late|{BE} the one thing past its date"
        r"|nothing else on your list is late",
        of_task(lambda _, truth, task: truth.is_only_overdue(task)),
    ),
    "named: first": (
        rf"(?:nothing is due before ({DAY}), and then it {BE}"
        rf"|the next date on your list is ({DAY})|nothing is due before {NAME} on ({DAY}))",
        of_task(
            lambda match, truth, task: (
                truth.is_first_due(task)
                and truth.day(task) in _on(truth, match[1] or match[2] or match[3])
            )
        ),
    ),
    "named: waited": (
        rf"(?:has|have) waited {SPAN} for a date",
        of_task(lambda m, truth, task: truth.late(task) is None and truth.age(task) in span(m)),
    ),
    "named: were due": (rf"were due on ({DAY})", of_task(was_due)),
    "named: not tonight": (
        rf"nobody expects {NAME} from you tonight",
        of_task(lambda _, truth, task: truth.late(task) is None and truth.part == "night"),
    ),
    "named: clear": (
        r"nothing (?:on your list )?is late",
        lambda _, truth, __: truth.overdue_count == 0,
    ),
    "named: go on": (
        r"you have done (\d+) things today",
        lambda m, t, _: len(t.done_on(0, 0)) == int(m[1]) and t.part != "night",
    ),
    "named: streak": (
        r"something done on each of the last (\d+) days; today it can be",
        lambda m, t, _: (
            not t.done_on(0, 0)
            and all(t.done_on(ago, ago) for ago in range(1, int(m[1]) + 1))
            and t.part != "night"
        ),
    ),
}
"""Read first, since their phrases hold those of others."""
