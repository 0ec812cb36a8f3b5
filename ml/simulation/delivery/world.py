"""The simulated world of deliveries: moments of a day, and what comes of a push.

The tips are those of the world of tips (`ml.simulation.world`): its people, tastes and lists. On
top of it people have a receptivity, which no policy sees:

- whether a push is opened is a logistic choice of openness, hour, kind of moment, a distraction
  that nobody knows of, the dose of the last day and habituation;
- whether somebody who opened it acts on it, one of the tip's appeal;
- each push may be the last one: an opt-out hazard that grows with the dose and when it was not
  opened (Wilson et al. 2017 on disengagement; HeartSteps, Klasnja et al. 2019, on waning effects).

All luck of a day is drawn at its start in the same amount whatever a policy does.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ml.simulation.delivery.scenario import DeliveryScenario
from ml.simulation.scenario import DAY
from ml.simulation.tasks import NEVER, Ints
from ml.simulation.tasks import replace as replace_tasks
from ml.simulation.world import World
from oo.domain.interruptions import MomentKind, PushOutcome
from oo.domain.statistics import Floats

KINDS = (
    MomentKind.USUAL_HOUR,
    MomentKind.GAP,
    MomentKind.DUE_SOON,
    MomentKind.AFTER_COMPLETION,
    MomentKind.IDLE,
)
_PERSONAS, _DAYS = 101, 102  # streams of random numbers of their own
_WELCOME = (0.0, 0.7, 0.3, 0.4, -0.4)  # what each kind adds, for all
_PRESENT = (1.0, 0.45, 0.25, 0.45, 0.45)  # how often a day has such a moment
_USUAL_ERROR_H = 3.0  # when people finish things is not when they want to be interrupted
_UNWANTED = -4.0  # log-odds of opening, of people who never want any
_UNWANTED_HAZARD = 10.0
_ACTS = 0.2
_ACTS_PER_APPEAL = 1.2
_DOSE_HALF_LIFE_MIN = DAY


@dataclass(frozen=True, slots=True)
class Receptivity:
    """P people, arrays (P,); `by_kind` (P, 5) is what each kind of moment adds.

    `peak_h` is the hour at which they are most open, `known_h` where the page believes it to be.
    """

    never: NDArray[np.bool_]
    openness: Floats
    swing: Floats
    peak_h: Floats
    known_h: Floats
    by_kind: Floats
    tired: Floats
    hazard: Floats


def draw_receptivity(scenario: DeliveryScenario) -> Receptivity:
    """A population's receptivity."""
    model, people = scenario.receptivity, scenario.people
    rng = np.random.default_rng([scenario.seed, _PERSONAS])
    never = rng.random(people) < model.never
    openness = model.openness + model.differ * rng.normal(size=people)
    peak = rng.normal(13.0, 4.0, people) % 24
    by_kind = np.array(_WELCOME) + 0.4 * model.differ * rng.normal(size=(people, len(KINDS)))
    # who likes them keeps them
    liking = (openness - model.openness) / max(model.differ, 1e-9)
    hazard = model.hazard * np.exp(0.5 * rng.normal(size=people) - 0.6 * liking)
    return Receptivity(
        never,
        np.where(never, _UNWANTED, openness),
        np.where(never, 0.0, np.abs(model.swing * (1 + 0.5 * rng.normal(size=people)))),
        peak,
        (peak + _USUAL_ERROR_H * rng.normal(size=people)) % 24,
        np.where(never[:, None], 0.0, by_kind),
        model.tired * np.exp(0.4 * rng.normal(size=people)),
        np.where(never, _UNWANTED_HAZARD * model.hazard, hazard),
    )


@dataclass(frozen=True, slots=True)
class DayOfMoments:
    """The moments of a day, (S, P), in the order of their minutes, and the dice of each.

    `kind` indexes KINDS, -1 where there is none; `luck` (S, 3, P) is uniform: opened, acted, ends.
    """

    minute: Ints
    kind: Ints
    distraction: Floats
    luck: Floats
    seeds: Ints


@dataclass(frozen=True, slots=True)
class Best:
    """The best candidate of each person at a step, all (P,)."""

    confidence: Floats
    appeal: Floats
    slot: Ints
    pressing: NDArray[np.bool_]


class DeliveryWorld:
    """The state between moments; `begin(day)` for each day in turn, then its steps in turn."""

    def __init__(self, scenario: DeliveryScenario) -> None:
        self.scenario = scenario
        self.tips = World(scenario.tips())
        self.people = draw_receptivity(scenario)
        count = scenario.people
        self.gone = np.zeros(count, bool)  # notifications are switched off
        self._dose = np.zeros(count)
        self._habit = np.zeros(count)
        self._pushed_at = np.zeros(count, np.int64)
        self.today: DayOfMoments | None = None

    def begin(self, day: int) -> DayOfMoments:
        """Draw the moments of `day`, whatever is sent."""
        self.tips.begin(day)
        found = _draw_day(self.scenario, self.people, day)
        luck = self.tips.luck
        if luck is None:
            raise RuntimeError("the world of tips has not begun its day")
        self.tips.luck = replace(luck, minute=found.minute)
        self.today = found
        return found

    def best(self, step: int) -> Best:
        """The candidate that the writer is most confident of, per person."""
        offered = self.tips.offer(step)
        chosen = offered.tips.confidence.argmax(axis=1)
        at = (np.arange(len(chosen)), chosen)
        due_today = self.tips.lists.due_day <= (offered.tips.now // DAY)[:, None]
        return Best(
            offered.tips.confidence[at],
            offered.appeal[at],
            offered.tips.slot[at],
            np.asarray(due_today.any(axis=1)),
        )

    def chance_opened(self, step: int, person: int) -> float:
        """The true chance that a push now is opened."""
        today, people, model = self._today(), self.people, self.scenario.receptivity
        minute = int(today.minute[step, person])
        dose, habit = self._faded(person, minute)
        hour = people.swing[person] * np.cos(2 * np.pi * (minute / 60 - people.peak_h[person]) / 24)
        odds = (
            people.openness[person]
            + hour
            + people.by_kind[person, today.kind[step, person]]
            + model.distraction * today.distraction[step, person]
            - people.tired[person] * dose
            - model.habituation * habit
        )
        return float(expit(odds))

    def push(self, step: int, person: int, best: Best) -> PushOutcome:
        """Send it; what came of it. `gone` says whether it was the last one."""
        today, people, model = self._today(), self.people, self.scenario.receptivity
        minute = int(today.minute[step, person])
        luck = today.luck[step, :, person]
        dose, habit = self._faded(person, minute)
        opened = luck[0] < self.chance_opened(step, person)
        acts = expit(_ACTS + _ACTS_PER_APPEAL * best.appeal[person])
        acted = opened and luck[1] < acts
        risk = people.hazard[person] * np.exp(model.annoyance * dose)
        risk *= 1.0 if opened else model.ignored_risk
        self.gone[person] = luck[2] < risk
        self._dose[person], self._habit[person] = dose + 1.0, habit + 1.0
        self._pushed_at[person] = minute
        if acted and best.slot[person] >= 0:
            self._finish(step, person, int(best.slot[person]))
        if acted:
            return PushOutcome.ACTED
        return PushOutcome.OPENED if opened else PushOutcome.IGNORED

    def _finish(self, step: int, person: int, slot: int) -> None:
        luck = self.tips.luck
        if luck is not None:
            rows, slots = np.array([person]), np.array([slot])
            replace_tasks(self.tips.lists, rows, slots, luck.new_tasks, step, luck.minute[step])

    def _faded(self, person: int, minute: int) -> tuple[float, float]:
        passed = minute - self._pushed_at[person]
        recovery = DAY * self.scenario.receptivity.recovery_days
        dose = self._dose[person] * 0.5 ** (passed / _DOSE_HALF_LIFE_MIN)
        return float(dose), float(self._habit[person] * 0.5 ** (passed / recovery))

    def _today(self) -> DayOfMoments:
        if self.today is None:
            raise RuntimeError("no day has begun")
        return self.today


def _draw_day(scenario: DeliveryScenario, people: Receptivity, day: int) -> DayOfMoments:
    rng = np.random.default_rng([scenario.seed, _DAYS, day])
    slots, count = scenario.slots, scenario.people
    kind = rng.integers(len(KINDS), size=(slots, count))
    kind[:2] = 0
    hour = rng.uniform(8.0, 21.5, size=(slots, count))
    usual = people.known_h + np.array([[0.0], [10.0]]) + 0.25 * rng.normal(size=(2, count))
    hour[:2] = 8.0 + (usual - 8.0) % 24 * (13.5 / 24)  # nobody is asked in quiet hours
    present = rng.random((slots, count)) < np.array(_PRESENT)[kind]
    if day % 7 > 4:
        present &= kind != KINDS.index(MomentKind.GAP)
    kind = np.where(present, kind, -1)
    minute = day * DAY + (60 * hour).astype(np.int64)
    order = np.argsort(minute, axis=0, kind="stable")
    return DayOfMoments(
        np.take_along_axis(minute, order, axis=0),
        np.take_along_axis(kind, order, axis=0),
        rng.normal(size=(slots, count)),
        rng.random((slots, 3, count)),
        rng.integers(2**62, size=(slots, count)),
    )


__all__ = ["KINDS", "NEVER", "Best", "DayOfMoments", "DeliveryWorld", "Receptivity"]
