"""The loop of a simulated delivery: look, decide, push, learn an hour later; person by person.

What a policy is given is made by the product's own code: occasions, features, arms, folds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.delivery.policies.learnt import Learnt
from ml.simulation.delivery.scenario import DeliveryScenario
from ml.simulation.delivery.world import KINDS, Best, DeliveryWorld
from ml.simulation.scenario import DAY, moment
from oo.domain.fold import posterior_on
from oo.domain.interruptions import (
    REWARDS,
    SPEAK,
    SWITCH_OFF_COST,
    Occasion,
    Pushes,
    PushOutcome,
    arms,
    blame,
    features_of,
)
from oo.domain.policies import Experience, Policy, pick
from oo.domain.statistics import Floats, Statistics, day_of, day_weight

WORTH_MIN = 60
WEEK = 7 * DAY
WEEKS_MOST = 80  # pushes of a week: the budget allows no more
_REGULARITY = 0.6


@dataclass(slots=True)
class _Push:
    at: int
    x: Floats
    features: dict[str, float]
    outcome: PushOutcome
    reward: float
    settled: bool = False


@dataclass(slots=True)
class _Person:
    """What oO knows of one simulated person."""

    statistics: Statistics
    pushes: list[_Push] = field(default_factory=list)
    waiting: list[_Push] = field(default_factory=list)  # for what comes of them
    posterior: object = None
    known_on: int = -1

    def recent(self, now: int) -> Pushes:
        """The pushes of late, as far as their outcome is known."""
        week = [it for it in self.pushes[-WEEKS_MOST:] if now - it.at < WEEK]
        settled = [it for it in week if it.settled]
        streak = 0
        for it in reversed(self.pushes):
            if it.settled and it.outcome is not PushOutcome.IGNORED:
                break
            streak += it.settled
        return Pushes(
            sum(now - it.at < DAY for it in week),
            len(week),
            sum(it.outcome is PushOutcome.IGNORED for it in settled),
            streak,
            (now - week[-1].at) / 60 if week else None,
            streak < sum(it.settled for it in self.pushes),
            (now - self.pushes[0].at) / 60 if self.pushes else None,
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """What came of a policy: (P, days) each, `reward` with what switching off costs.

    `off_day` (P,) is when somebody switched pushes off, -1 for never; `never` (P,) who wants none.
    `propensity` of speaking and `spoke` are of all decisions in turn; `experience` is what was
    learnt from, by person.
    """

    policy: str
    reward: Floats
    pushes: Floats
    opened: Floats
    off_day: NDArray[np.int64]
    never: NDArray[np.bool_]
    propensity: Floats
    spoke: NDArray[np.bool_]
    experience: Mapping[str, list[Experience]]


def run(scenario: DeliveryScenario, policy: Policy) -> Trace:
    """Let `policy` decide in that world, from the first day to the last."""
    return _Run(scenario, policy).go()


class _Run:
    def __init__(self, scenario: DeliveryScenario, policy: Policy) -> None:
        self.scenario, self.policy = scenario, policy
        self.world = DeliveryWorld(scenario)
        self.known = [_Person(Statistics.empty(policy.dimension)) for _ in range(scenario.people)]
        shape = (scenario.people, scenario.days)
        self.reward, self.pushed, self.opened = (np.zeros(shape) for _ in range(3))
        self.off_day = np.full(scenario.people, -1)
        self.propensity: list[float] = []
        self.spoke: list[bool] = []
        angle = 2 * np.pi * self.world.people.known_h / 24
        self.profiles = [
            {"preferred_hour_sin": _REGULARITY * s, "preferred_hour_cos": _REGULARITY * c}
            for s, c in zip(np.sin(angle).tolist(), np.cos(angle).tolist(), strict=True)
        ]

    def go(self) -> Trace:
        for day in range(self.scenario.days):
            if day and self.scenario.refit_days and day % self.scenario.refit_days == 0:
                self._refit()
            today = self.world.begin(day)
            for step in range(self.scenario.slots):
                best = self.world.best(step)
                for person in np.flatnonzero((today.kind[step] >= 0) & ~self.world.gone).tolist():
                    self._moment(day, step, person, best)
        return Trace(
            self.policy.name,
            self.reward,
            self.pushed,
            self.opened,
            self.off_day,
            self.world.people.never,
            np.array(self.propensity),
            np.array(self.spoke),
            self._experience(),
        )

    def _moment(self, day: int, step: int, person: int, best: Best) -> None:
        today = self.world.today
        if today is None or self.pushed[person, day] >= self.scenario.budget:
            return
        now, known = int(today.minute[step, person]), self.known[person]
        self._settle(known, now)
        at = moment(now)
        occasion = Occasion(
            KINDS[today.kind[step, person]],
            at,
            float(best.confidence[person]),
            bool(best.pressing[person]),
            self.profiles[person],
            known.recent(now),
        )
        features = features_of(occasion)
        x = arms(self.policy, features)
        if known.known_on != day:
            known.posterior = posterior_on(self.policy, known.statistics, day_of(at))
            known.known_on = day
        made = pick(self.policy, known.posterior, x, int(today.seeds[step, person]))
        self.propensity.append(float(made.propensities[SPEAK]))
        self.spoke.append(made.chosen == SPEAK)
        if made.chosen == SPEAK:
            push = _Push(now, x[SPEAK], features, PushOutcome.IGNORED, 0.0)
            self._push(day, step, person, best, push)

    def _push(self, day: int, step: int, person: int, best: Best, push: _Push) -> None:
        known = self.known[person]
        push.outcome = self.world.push(step, person, best)
        push.reward = REWARDS[push.outcome]
        known.pushes.append(push)
        known.waiting.append(push)
        self.pushed[person, day] += 1
        self.opened[person, day] += push.outcome is not PushOutcome.IGNORED
        self.reward[person, day] += push.reward
        if self.world.gone[person]:
            self.off_day[person] = day
            self.reward[person, day] -= SWITCH_OFF_COST
            self._charge(known, push.at)

    def _settle(self, known: _Person, now: int) -> None:
        """Learn what is known by now: an answer, or an hour without one."""
        while known.waiting and now - known.waiting[0].at >= WORTH_MIN:
            self._learn(known, known.waiting.pop(0))

    def _learn(self, known: _Person, push: _Push) -> None:
        z = self.policy.embed(push.x) if self.policy.features else np.zeros(0)
        weight = day_weight(self.policy.decay, day_of(moment(push.at)))
        known.statistics = known.statistics.add(z, push.reward, weight)
        known.known_on = -1
        push.settled = True

    def _charge(self, known: _Person, now: int) -> None:
        """Switching off is what the pushes of the last days have come to."""
        recent = [it for it in known.pushes if now - it.at < 3 * DAY]
        for push, share in zip(recent, blame([(now - it.at) / 60 for it in recent]), strict=True):
            if push.settled:
                z = self.policy.embed(push.x)
                weight = day_weight(self.policy.decay, day_of(moment(push.at)))
                known.statistics = known.statistics.revise(
                    z, push.reward, push.reward - share, weight
                )
                push.reward -= share
            else:
                push.reward -= share
                self._learn(known, push)
            push.outcome = PushOutcome.SWITCHED_OFF

    def _refit(self) -> None:
        """Fit what people have in common to all that is known by now."""
        if not isinstance(self.policy, Learnt):
            return
        self.policy = self.policy.fit(self._experience())
        for known in self.known:
            known.known_on = -1

    def _experience(self) -> dict[str, list[Experience]]:
        return {
            f"{person:06}": [
                Experience(it.features, it.reward, day_of(moment(it.at)))
                for it in known.pushes
                if it.settled
            ]
            for person, known in enumerate(self.known)
        }
