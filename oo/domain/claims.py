"""What a tip claims, as data: which fact, of which task or of the list, with which value.

The gate that proves a text makes its claims; before the tip is served they are checked again,
against the list, the zone and the clock of that moment. `FACTS` says what each fact means.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from oo.domain import due
from oo.domain.context import DayPart, Lately, Share
from oo.domain.lately import left_before, next_busy
from oo.domain.standing import Moment, OpenTask

Value = str | int | None


class Fact(StrEnum):
    """The facts that a tip may claim; those about a task need it to be open."""

    OPEN = "open"
    TITLE = "title"  # value: the title as contexts hold it
    ABOUT = "about"  # the same, where the title is shown beside the text and not in it
    DAYS_LATE = "days_late"  # value: days since the due day, at least 1
    OVERDUE_SINCE = "overdue_since"  # value: the local time today, "05:30"
    DUE_IN = "due_in"  # value: days until the due day, at least 1
    DUE_TODAY = "due_today"
    DUE_TOMORROW = "due_tomorrow"
    DUE_ON = "due_on"  # value: a weekday of the coming six days, 0 for Monday
    AGE = "age"  # value: days since it was added, at least 1
    ADDED_TODAY = "added_today"
    PRIORITY = "priority"  # value: at least this
    MOST_PRESSING = "most_pressing"
    NO_DUE = "no_due"  # it has no due day
    ONLY_DUE_TODAY = "only_due_today"  # of the whole list
    ONLY_OVERDUE = "only_overdue"
    LONGEST_OVERDUE = "longest_overdue"  # of at least two that are overdue by days
    FIRST_DUE = "first_due"  # ahead, and every other due day comes later
    WAS_DUE_ON = "was_due_on"  # value: a weekday of the six days before today, 0 for Monday
    OPEN_COUNT = "open_count"  # value: all open tasks, resting ones too
    OVERDUE_COUNT = "overdue_count"  # value: the overdue ones among them
    WEEKDAY = "weekday"  # value: 0 for Monday
    WEEKEND = "weekend"
    PART_OF_DAY = "part_of_day"  # value: a DayPart
    DONE_TODAY = "done_today"  # value: how many things the person marked as done
    DONE_WEEK = "done_week"  # value: the same of the last seven days
    STREAK = "streak"  # value: days in a row with something done, the last of them yesterday
    DONE_IN = "done_in"  # value: "morning 14 20", a part of the day and its share of what was done
    WAVES_AWAY = "waves_away"  # value: "reminder 9 12", a kind of tip and how many were dismissed
    FREE = "free"  # value: "15:00 30", the next event and the minutes that are left at least
    LABEL = "label"  # value: the first label


BESIDE_OTHERS = (
    Fact.ONLY_DUE_TODAY,
    Fact.ONLY_OVERDUE,
    Fact.LONGEST_OVERDUE,
    Fact.FIRST_DUE,
)
"""What a task is beside all others: a context tells it, since it does not hold them all."""

BEYOND_THE_LIST = frozenset(
    {
        Fact.DONE_TODAY,
        Fact.DONE_WEEK,
        Fact.STREAK,
        Fact.DONE_IN,
        Fact.WAVES_AWAY,
        Fact.LABEL,
    }
)
"""What is checked against more than list, calendar and clock: it is loaded only where claimed."""


class Claim(NamedTuple):
    """One claim. `until` is the instant at which the clock alone ends it, if it does.

    A gate leaves `until` open: `bounded` sets it, where the list itself is at hand.
    """

    fact: Fact
    task_id: str | None = None
    value: Value = None
    until: datetime | None = None


Holds = Callable[[Moment, OpenTask, Value], bool]
Until = Callable[[Moment, OpenTask], datetime | None]
HoldsOfAll = Callable[[Moment, Value], bool]
UntilOfAll = Callable[[Moment, Value], datetime | None]


class TaskRule(NamedTuple):
    """What a fact about a task means."""

    holds: Holds
    until: Until


class ListRule(NamedTuple):
    """What a fact about the whole list, the person or the moment means."""

    holds: HoldsOfAll
    until: UntilOfAll


def holds(claim: Claim, moment: Moment) -> bool:
    """Whether the claim is true then."""
    rule = FACTS[claim.fact]
    if isinstance(rule, ListRule):
        return rule.holds(moment, claim.value)
    task = moment.standing.tasks.get(claim.task_id or "")
    return task is not None and rule.holds(moment, task, claim.value)


def bounded(claim: Claim, moment: Moment) -> Claim:
    """The claim, which must hold, with the end that the clock sets to it."""
    rule = FACTS[claim.fact]
    if isinstance(rule, ListRule):
        return claim._replace(until=rule.until(moment, claim.value))
    return claim._replace(until=rule.until(moment, moment.standing.tasks[claim.task_id or ""]))


def encode(claims: Iterable[Claim]) -> list[list[Any]]:
    """Claims as JSON: ``[fact, task, value, until]`` each."""
    return [
        [claim.fact.value, claim.task_id, claim.value, claim.until and claim.until.isoformat()]
        for claim in claims
    ]


def decode(rows: Iterable[list[Any]]) -> tuple[Claim, ...]:
    """The claims of `encode`. Raises ValueError for a fact that there is not."""
    return tuple(
        Claim(Fact(fact), task_id, value, datetime.fromisoformat(until) if until else None)
        for fact, task_id, value, until in rows
    )


def _never(_: Moment, __: OpenTask) -> datetime | None:
    return None


def _midnight(moment: Moment, _: object = None) -> datetime:
    return due.next_midnight(moment.local)


def _daypart(moment: Moment, _: object = None) -> datetime:
    return due.end_of_daypart(moment.local)


def _awake(moment: Moment) -> bool:
    """To someone awake at 1:00, words such as "tomorrow" mislead."""
    return moment.daypart is not DayPart.NIGHT


def _late(moment: Moment, task: OpenTask) -> int | None:
    return due.days_late(task, moment.local)


def _is_due_today(moment: Moment, task: OpenTask, _: Value) -> bool:
    return _late(moment, task) == 0 and not due.is_overdue(task, moment.local)


def _until_overdue(moment: Moment, task: OpenTask) -> datetime:
    midnight = due.next_midnight(moment.local)
    return midnight if task.due_at is None else min(task.due_at, midnight)


def _is_due_on(moment: Moment, task: OpenTask, value: Value) -> bool:
    late = _late(moment, task)
    if late is None or not -7 < late < 0 or not _awake(moment):
        return False
    return (moment.local.date() - timedelta(days=late)).weekday() == value


def _is_of_age(moment: Moment, task: OpenTask, value: Value) -> bool:
    return due.age_days(task, moment.local) == value


def _is_pressing(moment: Moment, task: OpenTask, _: Value) -> bool:
    return moment.open_count > 1 and moment.most_pressing == task.id


def _is_only_due_today(moment: Moment, task: OpenTask, value: Value) -> bool:
    return _is_due_today(moment, task, value) and moment.due_on(moment.local.date()) == 1


def _is_only_overdue(moment: Moment, task: OpenTask, _: Value) -> bool:
    return moment.overdue_count == 1 and due.is_overdue(task, moment.local)


def _is_longest_overdue(moment: Moment, task: OpenTask, _: Value) -> bool:
    late = _late(moment, task) or 0
    first, second = moment.earliest_days
    if late <= 0 or second is None or second >= moment.local.date():
        return False
    return second != first == due.due_day(task, moment.local.tzinfo)


def _is_first_due(moment: Moment, task: OpenTask, _: Value) -> bool:
    late = _late(moment, task) or 0
    first, second = moment.earliest_days
    if late >= 0 or second is None:
        return False
    return second != first == due.due_day(task, moment.local.tzinfo)


def _was_due_on(moment: Moment, task: OpenTask, value: Value) -> bool:
    late = _late(moment, task)
    if late is None or not 0 < late < 7 or not _awake(moment):
        return False
    return (moment.local.date() - timedelta(days=late)).weekday() == value


def _next_overdue(moment: Moment, _: object = None) -> datetime:
    midnight = due.next_midnight(moment.local)
    instant = moment.standing.next_due(moment.local)
    return midnight if instant is None else min(instant, midnight)


def _has_done(value: Callable[[Lately], Value]) -> ListRule:
    def so(moment: Moment, claimed: Value) -> bool:
        return moment.lately is not None and value(moment.lately) == claimed

    return ListRule(so, _midnight)


def share_value(share: Share | None) -> str | None:
    """A share as the value of a claim."""
    return None if share is None else f"{share.of} {share.number} {share.out_of}"


def _is_free(moment: Moment, value: Value) -> bool:
    until, minutes = _free_value(value)
    left = left_before(moment.standing.beside.busy, moment.local)
    return left is not None and left.until == until and left.minutes >= minutes


def _free_value(value: Value) -> tuple[str, int]:
    until, _, minutes = str(value).partition(" ")
    return until, int(minutes)


def _until_not_free(moment: Moment, value: Value) -> datetime | None:
    """The last instant at which the minutes are left."""
    begins = next_busy(moment.standing.beside.busy, moment.local)
    return begins and begins - timedelta(minutes=_free_value(value)[1])


def _is_title(moment: Moment, task: OpenTask, value: Value) -> bool:
    return moment.standing.title(task) == value


FACTS: Mapping[Fact, TaskRule | ListRule] = {
    Fact.OPEN: TaskRule(lambda _, __, ___: True, _never),
    Fact.TITLE: TaskRule(_is_title, _never),
    Fact.ABOUT: TaskRule(_is_title, _never),
    Fact.DAYS_LATE: TaskRule(lambda m, task, value: _late(m, task) == value, _midnight),
    Fact.OVERDUE_SINCE: TaskRule(
        lambda m, task, value: due.overdue_since(task, m.local) == value, _midnight
    ),
    Fact.DUE_IN: TaskRule(
        lambda m, task, value: (late := _late(m, task)) is not None and -late == value, _midnight
    ),
    Fact.DUE_TODAY: TaskRule(_is_due_today, _until_overdue),
    Fact.DUE_TOMORROW: TaskRule(lambda m, task, _: _late(m, task) == -1 and _awake(m), _daypart),
    Fact.DUE_ON: TaskRule(_is_due_on, _daypart),
    Fact.AGE: TaskRule(_is_of_age, _midnight),
    Fact.ADDED_TODAY: TaskRule(lambda m, task, _: _is_of_age(m, task, 0) and _awake(m), _daypart),
    Fact.PRIORITY: TaskRule(
        lambda _, task, value: isinstance(value, int) and task.priority >= value, _never
    ),
    Fact.MOST_PRESSING: TaskRule(_is_pressing, _midnight),
    Fact.NO_DUE: TaskRule(lambda m, task, _: _late(m, task) is None, _never),
    Fact.ONLY_DUE_TODAY: TaskRule(_is_only_due_today, _until_overdue),
    Fact.ONLY_OVERDUE: TaskRule(_is_only_overdue, _next_overdue),
    Fact.LONGEST_OVERDUE: TaskRule(_is_longest_overdue, _midnight),
    Fact.FIRST_DUE: TaskRule(_is_first_due, _midnight),
    Fact.WAS_DUE_ON: TaskRule(_was_due_on, _daypart),
    Fact.OPEN_COUNT: ListRule(lambda m, value: m.open_count == value, lambda _, __: None),
    Fact.OVERDUE_COUNT: ListRule(lambda m, value: m.overdue_count == value, _next_overdue),
    Fact.WEEKDAY: ListRule(lambda m, value: m.local.weekday() == value, _midnight),
    Fact.WEEKEND: ListRule(lambda m, _: m.local.weekday() > 4 and _awake(m), _daypart),
    Fact.PART_OF_DAY: ListRule(lambda m, value: m.daypart == value, _daypart),
    Fact.DONE_TODAY: _has_done(lambda lately: lately.done_today),
    Fact.DONE_WEEK: _has_done(lambda lately: lately.done_week),
    Fact.STREAK: _has_done(lambda lately: lately.streak),
    Fact.DONE_IN: _has_done(lambda lately: share_value(lately.done_in)),
    Fact.WAVES_AWAY: _has_done(lambda lately: share_value(lately.waves_away)),
    Fact.FREE: ListRule(_is_free, _until_not_free),
    Fact.LABEL: TaskRule(
        lambda m, task, value: m.standing.beside.labels.get(task.id) == value, _never
    ),
}
