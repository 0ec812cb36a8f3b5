"""What a simulation of deliveries is made of: everything that is chosen, nothing that is drawn."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ml.simulation.scenario import GenerationModel, PopulationModel, Scenario, TaskModel


@dataclass(frozen=True, slots=True)
class ReceptivityModel:
    """How people take pushes, and how they differ.

    `never` is the share of people who want none at all. `openness` is the mean log-odds that a
    push is opened by somebody who is rested, `differ` how far people lie apart (standard deviation,
    also of what kinds of moments mean to them), `swing` how much the hour matters, `distraction`
    the standard deviation of what nobody can know of a moment. `tired` is what each push of the
    last day takes off the log-odds, `habituation` what each of the last weeks does, for good but
    for a half-life of `recovery_days`. `hazard` is the chance that a push ends all pushes, for the
    median person; it grows by `annoyance` per push of the last day (log scale), and `ignored_risk`
    times as much when the push was not opened.
    """

    never: float = 0.15
    openness: float = 0.0
    differ: float = 1.6
    swing: float = 1.5
    distraction: float = 0.5
    tired: float = 0.6
    habituation: float = 0.05
    recovery_days: float = 10.0
    hazard: float = 0.003
    annoyance: float = 0.5
    ignored_risk: float = 2.0


@dataclass(frozen=True, slots=True)
class DeliveryScenario:
    """One repeatable world of deliveries: the same one gives the same people and dice.

    `slots` is how many moments a day has at most, `budget` how many pushes a day people allow.
    `refit_days` is how often the prior of policies that have one is fitted to all people (0:
    never); `delay_min` how long an answer takes at most.
    """

    seed: int = 7
    days: int = 28
    people: int = 1000
    slots: int = 6
    budget: int = 3
    refit_days: int = 3
    receptivity: ReceptivityModel = field(default_factory=ReceptivityModel)
    heterogeneity: float = 1.0
    alignment: float = 0.4

    def tips(self) -> Scenario:
        """The world of tips that the best candidates come from."""
        return Scenario(
            seed=self.seed,
            days=self.days,
            per_day=self.slots,
            population=PopulationModel(people=self.people, heterogeneity=self.heterogeneity),
            generation=GenerationModel(alignment=self.alignment),
            tasks=TaskModel(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
