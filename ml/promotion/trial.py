"""A challenger's trial on simulated people, against the policy in force."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.promotion.gate import Simulated
from oo.domain.policies import Policy


@dataclass(frozen=True, slots=True)
class Trial:
    """How many simulated people both policies are tried on, for how long and how often."""

    people: int = 100
    days: int = 21
    seeds: int = 2
    seed: int = 7


TRIAL = Trial()


def simulated(
    challenger: Policy, incumbent: Policy, trial: Trial, on_day: Callable[[], None]
) -> Simulated:
    """Both policies on the same people, tasks and dice; `on_day` is called after each day of each.

    It sees what the log cannot: how a policy fares with what it taught itself. Policies with
    parameters are fitted to the simulated people as they would be to real ones.
    """
    # SciPy's half a second of imports is for this alone
    from ml.simulation.estimates import compare_traces
    from ml.simulation.runner import simulate
    from ml.simulation.scenario import PopulationModel, Scenario

    population = PopulationModel(people=trial.people)
    scenarios = [
        Scenario(seed=trial.seed + number, days=trial.days, population=population)
        for number in range(trial.seeds)
    ]
    ours, theirs = (
        [simulate(scenario, policy, lambda _: on_day()) for scenario in scenarios]
        for policy in (challenger, incumbent)
    )
    return Simulated(*compare_traces(ours, theirs).reward)
