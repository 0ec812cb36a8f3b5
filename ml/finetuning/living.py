"""Simulated people who live with composed tips that a model picked (ml/simulation, with words).

Lists, hours, moods, fatigue and reactions are the simulator's. What it lacks is text: here each of
its tasks has a title, a context is made of the list, the composer says what may be said, the
writer's model picks a line for each place, and chance shows one of them. Beyond the simulator's
tastes people have one for words (`wording`), which is an assumption: shorter is better, and some
facts land better than others, the same ones for most.

All luck is drawn whatever is written: two writers meet the same people, lines and dice as long as
they write alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np

from ml.activities.casebook import casebook
from ml.composing.choosing import slots as slots_of
from ml.composing.composer import Composer, Line
from ml.finetuning.chooser import Chooser
from ml.simulation.candidates import appeal_of, draft_of
from ml.simulation.reactions import Answer, expected_reward
from ml.simulation.scenario import DAY, KINDS, LABELS, Scenario, Stream, moment, randomness
from ml.simulation.tasks import NEVER, Ints, TaskLists
from ml.simulation.world import Offered, World
from oo.domain.context import MAX_TASKS, DayPart, PromptContext, TaskFacts
from oo.domain.statistics import Floats

SHOWN = 4  # places that one decision picks from
LANGUAGES = ("en", "en", "en", "en", "en", "en", "de", "es", "fr", "ja")
_USUAL_LENGTH = 90
_PER_CHARACTER = -0.006
_FACT_SPREAD = 0.4


@dataclass(frozen=True, slots=True)
class Shown:
    """One tip that was shown: to whom, among which lines, picked with which chances.

    `reward` is NaN where nobody looked; `expected` is its exact mean, which the rule judge tells.
    """

    person: int
    context: PromptContext
    slot: tuple[Line, ...]
    picked: int
    chances: tuple[float, ...]
    reward: float
    dismissed: bool
    expected: float

    @property
    def line(self) -> Line:
        """What was said."""
        return self.slot[self.picked]


def live(
    scenario: Scenario,
    composer: Composer,
    chooser: Chooser,
    on_tip: Callable[[], None] = lambda: None,
) -> list[Shown]:
    """All decisions of a scenario, one tip of a person after the other, shown by chance."""
    world, found = World(scenario), list[Shown]()
    people = range(scenario.population.people)
    fondness = 1 + 0.5 * randomness(scenario.seed, Stream.PERSONAS, 1).normal(size=len(people))
    for day in range(scenario.days):
        world.begin(day)
        picks = randomness(scenario.seed, Stream.PICKS, day)
        for step in range(scenario.per_day):
            luck, now = picks.random((2, len(people))), world.hour(step)
            # chance shows one place, whatever is written there: so only that one is written
            written = [
                _written(
                    world, person, int(now[person]), luck[:, person], composer, chooser, on_tip
                )
                for person in people
            ]
            offered = _offered(world, now, written, fondness)
            reactions, _ = world.show(step, offered, np.zeros(len(people), np.int64))
            for person, one in enumerate(written):
                found.append(
                    Shown(
                        person=person,
                        context=one.context,
                        slot=one.slot,
                        picked=one.picked,
                        chances=one.chances,
                        reward=float(reactions.reward[person]),
                        dismissed=bool(reactions.answer[person] == Answer.DISMISS),
                        expected=float(offered.expected[person, 0]),
                    )
                )
    return found


@dataclass(frozen=True, slots=True)
class _Written:
    """What one person gets now; `places` are where the tasks that are told stand in their list."""

    context: PromptContext
    places: tuple[int, ...]
    slot: tuple[Line, ...]
    chances: tuple[float, ...]
    picked: int


def _written(
    world: World,
    person: int,
    now: int,
    luck: Floats,
    composer: Composer,
    chooser: Chooser,
    on_tip: Callable[[], None],
) -> _Written:
    seed = world.scenario.seed
    places = tuple(
        np.argsort(-_urgency(world.lists, person, now), kind="stable")[:MAX_TASKS].tolist()
    )
    context = _context(seed, world.lists, person, now, places)
    made = slots_of(composer.lines(context, Random(f"{seed} {person} {now}")), SHOWN)
    slot = made[int(luck[0] * len(made))]
    chances = chooser.chances(context, [slot])[0]
    picked = min(int(np.searchsorted(np.cumsum(chances), luck[1])), len(slot) - 1)
    on_tip()
    return _Written(context, places, slot, chances, picked)


def _urgency(lists: TaskLists, person: int, now: int) -> Floats:
    moments = np.full(len(lists.priority), now)
    urgency: Floats = lists.urgency(moments)[person]
    urgency -= 1e6 * (lists.not_before[person] > now)
    return urgency


def _context(
    seed: int, lists: TaskLists, person: int, now: int, places: Sequence[int]
) -> PromptContext:
    at, today = moment(now), now // DAY
    late = [_late(int(day), today) for day in lists.due_day[person]]
    tasks = tuple(
        TaskFacts(
            task_id=f"sim:{person}:{place}:{lists.serial[person, place]}",
            title=_title(seed, person, place, int(lists.serial[person, place])),
            priority=int(lists.priority[person, place]),
            days_late=late[place],
            age_days=max(0, (now - int(lists.added[person, place])) // DAY),
            label=LABELS[lists.label[person, place]],
        )
        for place in places
    )
    overdue = sum(one is not None and one > 0 for one in late)
    return PromptContext(
        DayPart.of(at.hour), at.weekday(), len(late), overdue, tasks, first_of_all=False
    )


def _late(due_day: int, today: int) -> int | None:
    return None if due_day == NEVER else today - due_day


def _title(seed: int, person: int, place: int, serial: int) -> str:
    titles = _titles(LANGUAGES[person % len(LANGUAGES)])
    return Random(f"{seed} {person} {place} {serial}").choice(titles)


@cache
def _titles(language: str) -> tuple[str, ...]:
    return tuple(case.title for case in casebook() if case.language == language)


def _offered(world: World, now: Ints, written: Sequence[_Written], fondness: Floats) -> Offered:
    lines = [one.slot[one.picked] for one in written]
    kind = np.array([[KINDS.index(line.kind)] for line in lines])
    slot = np.array(
        [
            [-1 if line.index is None else one.places[line.index]]
            for one, line in zip(written, lines, strict=True)
        ]
    )
    tips = draft_of(world.lists, now, kind, slot)
    words = np.array([[wording(line)] for line in lines])
    appeal = world.felt(tips, appeal_of(world.personas, tips) + fondness[:, None] * words)
    return Offered(tips, appeal, expected_reward(world.personas, appeal))


def wording(line: Line) -> float:
    """What its words add to a tip's appeal, to a person of usual fondness of words."""
    longer = len(line.content) - _USUAL_LENGTH
    return _PER_CHARACTER * longer + _landing(line.insight)


@cache
def _landing(insight: str) -> float:
    return Random(f"how {insight} lands").gauss(0, _FACT_SPREAD)


def by_person(shown: Sequence[Shown]) -> Iterator[tuple[int, list[Shown]]]:
    """The tips of each person, in their order."""
    for person in sorted({one.person for one in shown}):
        yield person, [one for one in shown if one.person == person]
