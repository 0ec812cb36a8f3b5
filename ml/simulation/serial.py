"""A job's trials one after the other in this process: no Ray, and nothing to resume."""

from ml.simulation.jobs import Finished, Job, Listener, Progress
from ml.simulation.runner import Simulation, simulate
from ml.simulation.trace import Trace


def run(job: Job, listener: Listener | None = None) -> list[Finished]:
    """Every variant under every seed. Raises ValueError for a sweep, which needs a searcher."""
    if job.trials:
        raise ValueError("a sweep runs under Tune")
    finished: list[Finished] = []
    rewards: dict[str, float] = {}
    for scenario in job.scenarios:
        for variant in job.variants:
            name = f"{variant.label} {scenario.seed}"

            def on_day(simulation: Simulation, name: str = name) -> None:
                rewards[name] = simulation.so_far.mean_reward()
                if listener:
                    part = simulation.day / simulation.scenario.days
                    listener(Progress(len(finished), len(finished) + part, rewards))

            trace: Trace = simulate(scenario, variant.build(), on_day)
            finished.append(Finished(variant, scenario.seed, trace))
    return finished
