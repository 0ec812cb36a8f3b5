"""A tip as a judge reads it: the text, the list that it speaks of, and the hour."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ml.activities.recogniser import Recogniser
from ml.composing.faults import Fault, Told, faults
from ml.generation.drafts import TipDraft
from ml.rating.words import about
from oo.domain.claims import Claim, Fact
from oo.domain.context import DayPart, PromptContext

HOURS = {DayPart.MORNING: 9, DayPart.AFTERNOON: 14, DayPart.EVENING: 19, DayPart.NIGHT: 23}


class Item(NamedTuple):
    """One task of the list: days until it is due, negative when late, and days on the list."""

    title: str
    due: int | None = None
    age: int | None = None


class Reading(NamedTuple):
    """A tip in front of its reader; `beside` are the texts of tips that the person saw before.

    `shown` is the place of the task whose title stands beside the tip, if the text holds none.

    `list_id` names the list: tips of one list are never judged apart from each other. `language` is
    that of the list.
    """

    list_id: str
    language: str
    hour: int
    items: tuple[Item, ...]
    tip: str
    beside: tuple[str, ...] = ()
    shown: int | None = None

    @property
    def task(self) -> int | None:
        """The place of the task that it speaks of: whose title the page shows, or which its words
        name; None if it speaks of none.
        """
        if self.shown is not None:
            return self.shown
        named = about(self.tip, self.titles, self.language)
        best = max(named, default=0.0)
        return named.index(best) if best else None

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the list."""
        return tuple(item.title for item in self.items)


def readings_of(
    context: PromptContext,
    language: str,
    list_id: str,
    tips: Sequence[str],
    shown: Sequence[int | None] = (),
) -> list[Reading]:
    """A set of tips for a context, each beside those before it, and with its `shown` title."""
    items = tuple(
        Item(task.title, None if task.days_late is None else -task.days_late, task.age_days)
        for task in context.tasks
    )
    hour = HOURS[context.daypart]
    return [
        Reading(
            list_id,
            language,
            hour,
            items,
            tip,
            tuple(tips[:at]),
            shown[at] if at < len(shown) else None,
        )
        for at, tip in enumerate(tips)
    ]


def is_beside(claims: Iterable[Claim]) -> bool:
    """Whether a tip with these claims has its title beside it."""
    return any(claim.fact is Fact.ABOUT for claim in claims)


def places_beside(context: PromptContext, tips: Sequence[TipDraft]) -> list[int | None]:
    """For each tip the place of its task, where that stands beside it."""
    places = {task.task_id: place for place, task in enumerate(context.tasks)}
    return [places.get(tip.task_id or "") if is_beside(tip.claims) else None for tip in tips]


def faults_of(readings: Sequence[Reading], recogniser: Recogniser) -> list[tuple[Fault, ...]]:
    """The faults of each, as `ml.composing.faults` finds them by the kind of work of its task."""
    found = []
    for one in readings:
        task = one.task
        title = None if task is None else one.items[task].title
        known = None if title is None else recogniser([title])[0].activity
        found.append(faults(Told(one.tip, one.language, known, title), one.beside))
    return found
