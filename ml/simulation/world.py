"""The simulated world: people with their lists, what they are offered, and how they answer.

All luck of a day is drawn at its start, in the same amount whatever a policy does: two policies on
the same scenario meet the same people, hours and dice, and differ by their choices alone.
"""

from dataclasses import dataclass

import numpy as np

from ml.simulation import candidates
from ml.simulation.candidates import Candidates, WritingLuck
from ml.simulation.personas import draw_personas, wake
from ml.simulation.reactions import Answer, Reactions, expected_reward, react
from ml.simulation.scenario import DAY, KINDS, Scenario, Stream, randomness
from ml.simulation.tasks import NEVER, Ints, NewTasks, draw_lists, draw_new, replace
from oo.domain.statistics import Floats

AWAKE_H = (7, 23)
MISSED_AFTER_MIN = DAY
_FATIGUE_FADES_MIN = 6 * 60


@dataclass(frozen=True, slots=True)
class Luck:
    """The dice of one day of S steps: when, what is written, how people answer, how late."""

    minute: Ints  # (S, P)
    writing: list[WritingLuck]
    answer: Floats  # (S, 2, P)
    dwell: Floats  # (S, P)
    delay: Floats  # (S, P)
    new_tasks: NewTasks  # (S + own per day, P)
    own: Ints  # (own per day, P), the slots of tasks that people finish by themselves


@dataclass(frozen=True, slots=True)
class Offered:
    """The candidates of one step, their appeal now (P, K) and their true mean reward (P, K)."""

    tips: Candidates
    appeal: Floats
    expected: Floats


class World:
    """The state between decisions; `begin(day)` for each day in turn, then its steps in turn."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.personas = draw_personas(scenario.population, scenario.seed)
        people = scenario.population.people
        rng = randomness(scenario.seed, Stream.TASKS)
        self.lists = draw_lists(scenario.tasks, people, rng)
        self.dose = np.zeros((people, len(KINDS)))  # recent tips of each kind, fading
        self.seen_at = np.zeros(people, np.int64)
        self.luck: Luck | None = None

    def begin(self, day: int) -> None:
        """Draw what happens on `day` whatever is shown."""
        scenario = self.scenario
        if day:
            wake(self.personas, scenario.population, scenario.seed, day)
        shape = (scenario.per_day, len(self.personas))
        clock = randomness(scenario.seed, Stream.CLOCK, day)
        writer = randomness(scenario.seed, Stream.CANDIDATES, day)
        dice = randomness(scenario.seed, Stream.REACTIONS, day)
        lists = randomness(scenario.seed, Stream.TASKS, day + 1)
        k, tasks = scenario.generation.candidates, scenario.tasks.open_tasks
        own = (scenario.tasks.own_per_day, shape[1])
        low, high = (60 * hour for hour in AWAKE_H)
        self.luck = Luck(
            minute=day * DAY + np.sort(clock.integers(low, high, size=shape), axis=0),
            writing=candidates.draw_luck(writer, *shape, k, tasks),
            answer=dice.random((shape[0], 2, shape[1])),
            dwell=dice.normal(size=shape),
            delay=dice.exponential(size=shape),
            new_tasks=draw_new(scenario.tasks, (shape[0] + own[0], shape[1]), lists),
            own=lists.integers(tasks, size=own),
        )
        people, midnight = np.arange(shape[1]), np.full(shape[1], day * DAY)
        for number, slots in enumerate(self.luck.own, shape[0]):
            replace(self.lists, people, slots, self.luck.new_tasks, number, midnight)

    def offer(self, step: int) -> Offered:
        """The candidates of one step of the day, and how welcome each would be."""
        luck = self._luck()
        tips = candidates.write(
            self.scenario.generation,
            self.personas,
            self.lists,
            self.hour(step),
            luck.writing[step],
        )
        appeal = self.felt(tips, tips.appeal)
        return Offered(tips, appeal, expected_reward(self.personas, appeal))

    def hour(self, step: int) -> Ints:
        """The minute (P,) of each person's decision in that step of the day."""
        minutes: Ints = self._luck().minute[step]
        return minutes

    def felt(self, tips: Candidates, appeal: Floats) -> Floats:
        """The appeal (P, K) as mood and fatigue change it now."""
        faded = self.dose * np.exp((self.seen_at - tips.now) / _FATIGUE_FADES_MIN)[:, None]
        # a tip like the last one tires twice: as a tip, and as one of its kind
        tired = self.personas.fatigue[:, None] * (faded + faded.sum(axis=1, keepdims=True))
        now_adds = np.take_along_axis(self.personas.by_mood() - tired, tips.kind, axis=1)
        felt: Floats = appeal + now_adds
        return felt

    def show(self, step: int, offered: Offered, chosen: Ints) -> tuple[Reactions, Ints]:
        """Show everybody the chosen candidate; how they answer, and from when (P,) it is known."""
        luck, people = self._luck(), np.arange(len(self.personas))
        reactions = react(
            self.personas, offered.appeal[people, chosen], luck.answer[step], luck.dwell[step]
        )
        seen = reactions.answer != Answer.UNSEEN
        self._tire(offered.tips.now, offered.tips.kind[people, chosen], seen)
        self._change_lists(step, offered.tips, chosen, reactions)
        delay = 1 + (self.personas.delay_min * luck.delay[step]).astype(np.int64)
        delay = np.where(reactions.answer == Answer.MISSED, MISSED_AFTER_MIN, delay)
        return reactions, np.where(seen, offered.tips.now + delay, NEVER)

    def _tire(self, now: Ints, kind: Ints, seen: np.ndarray) -> None:
        self.dose *= np.exp((self.seen_at - now) / _FATIGUE_FADES_MIN)[:, None]
        self.dose[np.arange(len(kind)), kind] += seen
        self.seen_at = now

    def _change_lists(
        self, step: int, tips: Candidates, chosen: Ints, reactions: Reactions
    ) -> None:
        slot = tips.slot[np.arange(len(chosen)), chosen]
        rests = {
            Answer.SNOOZE: self.scenario.tasks.snooze_min,
            Answer.DISMISS: self.scenario.tasks.dismiss_min,
        }
        for answer, minutes in rests.items():
            rows = np.flatnonzero((reactions.answer == answer) & (slot >= 0))
            self.lists.not_before[rows, slot[rows]] = tips.now[rows] + minutes
        rows = np.flatnonzero((reactions.answer == Answer.DONE) & (slot >= 0))
        replace(self.lists, rows, slot[rows], self._luck().new_tasks, step, tips.now)

    def _luck(self) -> Luck:
        if self.luck is None:
            raise RuntimeError("no day has begun")
        return self.luck
