"""The contract of an insight: what it looks at, and what it hands over."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import ml.insights.kinds
from ml.activities.activity import Activity, Medium, Stake
from ml.activities.matching import Suiting
from oo.domain.claims import Claim, Fact
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.tips import TipKind
from oo.kit.plugins import discover

SATURDAY = 5
WEEK = 7


class Work(NamedTuple):
    """A task that may be spoken of, and the kind of work that it is, if that is known.

    Where it `is_sure`, more than a step may follow from the kind: a statement about the task. Where
    it is not even `is_likely`, no step follows, and the kind only says what not to propose.
    `suiting` are cases whose first step suits the very title, the likeliest first.
    """

    task: TaskFacts
    activity: Activity | None
    is_sure: bool = False
    suiting: tuple[Suiting, ...] = ()
    is_likely: bool = True

    @property
    def late(self) -> int | None:
        """Days since the due day; negative before it."""
        return self.task.days_late

    @property
    def stake(self) -> Stake:
        """What it costs when it is not done; medium where the kind of work is not known."""
        return Stake.MEDIUM if self.activity is None else self.activity.stake

    @property
    def needs_office_hours(self) -> bool:
        """Whether it can only be done while others are open."""
        known = self.activity if self.is_sure else None
        return known is not None and known.office_hours == "always"

    @property
    def is_at(self) -> Medium | None:
        """Where it is done, if that is sure."""
        return self.activity.medium if self.activity is not None and self.is_sure else None

    @property
    def kind(self) -> str | None:
        """The name of its kind of work."""
        return None if self.activity is None else self.activity.name

    @property
    def is_due_today(self) -> bool:
        """Whether its day is today and its hour has not passed."""
        return self.late == 0 and self.task.overdue_since is None

    def claim(self, fact: Fact, value: str | int | None = None) -> Claim:
        """What is claimed of the task."""
        return Claim(fact, self.task.task_id, value)


class Scene(NamedTuple):
    """A person's situation, each task with its kind of work."""

    context: PromptContext
    works: tuple[Work, ...]

    @property
    def is_night(self) -> bool:
        """Whether the person had better sleep."""
        return self.context.daypart is DayPart.NIGHT

    @property
    def are_offices_open(self) -> bool:
        """Whether it is a weekday by day."""
        by_day = self.context.daypart in (DayPart.MORNING, DayPart.AFTERNOON)
        return by_day and self.context.weekday < SATURDAY

    def weekday_in(self, days: int) -> int:
        """The day of the week so many days from today, 0 for Monday; negative ones are past."""
        return (self.context.weekday + days) % WEEK

    @property
    def now(self) -> tuple[Claim, Claim]:
        """The claims of a sentence that names the day and its part."""
        return (
            Claim(Fact.WEEKDAY, value=self.context.weekday),
            Claim(Fact.PART_OF_DAY, value=self.context.daypart.value),
        )


@dataclass(frozen=True, slots=True)
class Insight:
    """One fact, ready to be said.

    `name` is that of its sentences in each language, one of its finder's `says`. `weight` ranks
    it: stake, surprise and use, about 1 to 10. `values` fill the sentence: ``days``, ``weekday``,
    ``time``. One that `stands_alone` says what to do itself; another is followed by a step.
    `others` are further tasks that it speaks of.
    """

    name: str
    work: Work | None
    weight: float
    claims: tuple[Claim, ...]
    kind: TipKind = TipKind.TASK
    values: Mapping[str, int | str] = field(default_factory=dict)
    others: tuple[Work, ...] = ()
    stands_alone: bool = False

    @property
    def works(self) -> tuple[Work, ...]:
        """All the tasks that it speaks of, its own first."""
        return self.others if self.work is None else (self.work, *self.others)


def together(
    name: str, works: Sequence[Work], weight: float, claims: tuple[Claim, ...] = ()
) -> Insight:
    """A fact about some tasks, which says itself what to do with them."""
    first, *others = works
    kind = TipKind.INSIGHT
    return Insight(name, first, weight, claims, kind, others=tuple(others), stands_alone=True)


@dataclass(frozen=True, slots=True)
class Finder:
    """A plug-in: looks for facts of one sort; `says` names the sentences that it needs."""

    name: str
    says: tuple[str, ...]
    find: Callable[[Scene], Iterator[Insight]]


def finders() -> dict[str, Finder]:
    """Every finder by its name, found by place."""
    return discover(ml.insights.kinds, "INSIGHT", Finder)


@cache
def _finders() -> tuple[Finder, ...]:
    return tuple(finders().values())


def insights(scene: Scene) -> list[Insight]:
    """Everything worth saying in this situation, the weightiest first."""
    found = [insight for finder in _finders() for insight in finder.find(scene)]
    return sorted(found, key=lambda insight: -insight.weight)
