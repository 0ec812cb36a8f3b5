"""Two policies on the same people, tasks and dice, over several seeds."""

from collections.abc import Sequence
from dataclasses import replace

from ml.simulation.estimates import Comparison, compare_traces
from ml.simulation.runner import simulate
from ml.simulation.scenario import Scenario
from oo.domain.policies import Policy


def compare(a: Policy, b: Policy, scenario: Scenario, seeds: Sequence[int]) -> Comparison:
    """Simulate both on the scenario under each seed; pairs are people, of all seeds together."""
    scenarios = [replace(scenario, seed=seed) for seed in seeds]
    return compare_traces(
        [simulate(one, a) for one in scenarios], [simulate(one, b) for one in scenarios]
    )
