"""The loop: offer, choose, show, and learn when the reaction arrives; many people in lock-step."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml.simulation.features import Batch, design
from ml.simulation.learner import Learner, Learnt
from ml.simulation.scenario import Scenario, Stream, moment, randomness
from ml.simulation.simulated_profiles import profiles
from ml.simulation.tasks import Ints
from ml.simulation.trace import Trace
from ml.simulation.world import Offered, World
from oo.domain.policies import Policy
from oo.domain.statistics import Floats, day_of


class Simulation:
    """One policy on one scenario. Seeded: the same arguments give the same trace, bit for bit.

    It may be saved after any day and goes on from there as if nothing had happened.
    """

    def __init__(self, scenario: Scenario, policy: Policy) -> None:
        people = scenario.population.people
        self.scenario = scenario
        self.day = 0
        self.trace = Trace.blank(people, scenario.decisions)
        self._world = World(scenario)
        self._learner = Learner(policy, people)
        self._x = np.zeros((people, scenario.decisions, len(policy.features)))
        self._learnt = np.zeros((people, scenario.decisions), bool)

    @property
    def finished(self) -> bool:
        """Whether all days are over."""
        return self.day >= self.scenario.days

    @property
    def so_far(self) -> Trace:
        """The decisions until now."""
        return self.trace.first(self.day * self.scenario.per_day)

    def run_day(self) -> None:
        """Simulate one more day."""
        self._world.begin(self.day)
        if self.scenario.refit_days and self.day and self.day % self.scenario.refit_days == 0:
            self._learner.refit()
        shape = (self.scenario.per_day, self.scenario.population.people)
        rng = randomness(self.scenario.seed, Stream.PICKS, self.day)
        seeds = rng.integers(2**63 - 1, size=shape)
        for step in range(self.scenario.per_day):
            self._decide(step, seeds[step])
        self.day += 1

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on."""
        path.write_bytes(pickle.dumps(self, protocol=5))

    @staticmethod
    def load(path: Path) -> "Simulation":
        """The inverse of :meth:`save`; only for files that this program wrote."""
        loaded = pickle.loads(path.read_bytes())  # noqa: S301 - our own checkpoint
        if not isinstance(loaded, Simulation):
            raise TypeError(f"{path} holds no simulation")
        return loaded

    def _decide(self, step: int, seeds: Ints) -> None:
        at = self.day * self.scenario.per_day + step
        offered = self._world.offer(step)
        now = offered.tips.now
        self._learn(at, now)
        batch = Batch(offered.tips, profiles(self.trace.first(at), now))
        x = design(self._learner.policy.features, batch)
        picks = self._learner.choose(x, seeds, day_of(moment(now[0])))
        self._show(at, step, offered, x, picks.chosen)
        self.trace.propensity[:, at] = picks.propensity

    def _learn(self, at: int, now: Ints) -> None:
        """Learn what is known by `now` and was not before."""
        fresh = (self.trace.arrival[:, :at] <= now[:, None]) & ~self._learnt[:, :at]
        for person, index in np.argwhere(fresh):
            arrived = moment(self.trace.arrival[person, index])
            reward = float(self.trace.reward[person, index])
            self._learner.learn(
                int(person), Learnt(self._x[person, index], reward, day_of(arrived))
            )
        self._learnt[:, :at] |= fresh

    def _show(self, at: int, step: int, offered: Offered, x: Floats, chosen: Ints) -> None:
        people = np.arange(len(chosen))
        reactions, arrival = self._world.show(step, offered, chosen)
        self._x[:, at] = x[people, chosen]
        trace = self.trace
        trace.minute[:, at] = offered.tips.now
        trace.reward[:, at] = reactions.reward
        trace.expected[:, at] = offered.expected[people, chosen]
        trace.best[:, at] = offered.expected.max(axis=1)
        trace.answer[:, at] = reactions.answer
        trace.dwell_s[:, at] = reactions.dwell_s
        trace.arrival[:, at] = arrival
        trace.kind[:, at] = offered.tips.kind[people, chosen]
        trace.priority[:, at] = offered.tips.priority[people, chosen]


def simulate(
    scenario: Scenario, policy: Policy, on_day: Callable[[Simulation], None] | None = None
) -> Trace:
    """Run all days in this process; `on_day` is called after each."""
    simulation = Simulation(scenario, policy)
    while not simulation.finished:
        simulation.run_day()
        if on_day:
            on_day(simulation)
    return simulation.trace
