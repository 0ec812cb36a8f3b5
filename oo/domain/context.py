"""What the generator is told about a person: size-bounded, ranked, free of raw identifiers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from oo.domain.signals.kind import SignalFact
from oo.domain.text import is_joined
from oo.domain.text import one_line as visible_line

MAX_TASKS = 8
MAX_TOLD = 6
MAX_TITLE = 60
MAX_HEARD = 60
HEARD_DAYS = 14


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


def one_line(text: str) -> str:
    """`text` on one line of at most MAX_TITLE characters, without what deceives."""
    line = visible_line(text)
    return line if len(line) <= MAX_TITLE else cut(line, MAX_TITLE - 1) + "…"


def cut(text: str, length: int) -> str:
    """The first `length` characters, not ending within what reads as one: an accent, a joiner."""
    if len(text) <= length:
        return text
    end = length
    while end and is_joined(text, end):
        end -= 1
    return text[: end or length].rstrip()


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """The facts of one task that a tip may state.

    `title` is one line of at most MAX_TITLE characters. `priority` runs from 1 to 4 (highest).
    `days_late` counts from the due day: 0 on it, negative before it and None without one.
    `overdue_since` is the local time of an instant that has passed on this very day, as ``05:30``.
    `age_days` is None when the source does not say when it was added. `standing` names what is true
    of it beside all other open tasks, as values of `oo.domain.claims.Fact`.
    """

    task_id: str
    title: str
    priority: int
    days_late: int | None
    age_days: int | None
    label: str | None
    overdue_since: str | None = None
    standing: tuple[str, ...] = ()


class Heard(NamedTuple):
    """A tip that the person was shown, so many days ago."""

    content: str
    days_ago: int


class Share(NamedTuple):
    """`number` of the last `out_of` are `of` that sort."""

    of: str
    number: int
    out_of: int


class Lately(NamedTuple):
    """What the person did, by their own reactions and their own calendar; see `oo.domain.lately`.

    `done_week` counts the last seven days, today among them. `streak` is the number of days in a
    row, the last of them yesterday, on which something was done. `done_in` is the part of the day
    in which most is done, `waves_away` the kind of tip that is mostly dismissed; None without
    enough evidence.
    """

    done_today: int
    done_week: int
    streak: int
    done_in: Share | None = None
    waves_away: Share | None = None


class Gap(NamedTuple):
    """Free time: the local time today at which the next event begins, and how long it is to that.

    `minutes` is rounded down to a quarter of an hour, so that it stays while the moment passes.
    """

    until: str
    minutes: int


@dataclass(frozen=True, slots=True)
class PromptContext:
    """The person's situation: the most pressing tasks first (at most MAX_TASKS).

    `weekday` is 0 for Monday. `tasks` are those that a tip may speak of now; `open_count` and
    `overdue_count` count all open ones, also those that rest or did not fit. `first_of_all` tells
    whether the first of `tasks` is the most pressing of all open ones. `told` are facts of other
    signals, the most useful first (at most MAX_TOLD); their titles are one line of at most
    MAX_TITLE characters. `heard` are tips of the last HEARD_DAYS days, the newest first (at most
    MAX_HEARD): what was said is not said again soon. `lately` is None where it was not asked for,
    `gap` where the person is not free, or free for the rest of the day. `prompt` is the file
    of the prompt that the person was given in place of the writer's own; empty for most.
    """

    daypart: DayPart
    weekday: int
    open_count: int
    overdue_count: int
    tasks: tuple[TaskFacts, ...]
    first_of_all: bool = True
    told: tuple[SignalFact, ...] = ()
    heard: tuple[Heard, ...] = ()
    lately: Lately | None = None
    gap: Gap | None = None
    prompt: str = ""
