"""`python -m tests.bench.learning.newcomers`: what somebody new gets, the default beside others.

Simulated people who react to their first 10, 20 and 40 tips, under the product's own policies, from
nothing, on populations of several tastes. Each figure is the mean reward per tip with its 95 %
interval over the people; "gain" is the paired difference to a random pick for the same people.
"""

from dataclasses import replace
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ml.simulation.runner import Simulation
from ml.simulation.scenario import PopulationModel, Scenario
from ml.simulation.variants import parse

out = Console(highlight=False)
FIRST = (10, 20, 40)
POLICIES = ("random", "egreedy-v1", "egreedy-v2", "ebts", "ebts-v2")
Floats = NDArray[np.float64]


def _as_drawn(_: Simulation) -> None:
    """The population as it is by default."""


def _strong_hours(simulation: Simulation) -> None:
    """Each kind is welcome at its hour and unwelcome twelve hours later."""
    simulation._world.personas.swing *= 4


def _strong_kinds(simulation: Simulation) -> None:
    """People love some kinds and cannot bear others."""
    simulation._world.personas.tastes[:, :4] *= 4


def _no_evenings(simulation: Simulation) -> None:
    """Whatever is said in the evening is dismissed; in the morning everything is welcome."""
    personas = simulation._world.personas
    personas.peak_min[:] = 9 * 60
    personas.swing[:] = 2.5


WORLDS = {
    "as drawn": _as_drawn,
    "strong tastes by hour": _strong_hours,
    "strong tastes by kind": _strong_kinds,
    "nothing in the evening": _no_evenings,
}


def main(
    people: Annotated[int, typer.Option(help="People per population.")] = 200,
    seeds: Annotated[int, typer.Option(help="Populations per world.")] = 3,
    policies: Annotated[str, typer.Option(help="Names with fields.")] = ",".join(POLICIES),
) -> None:
    """Print, per world and policy, the gain over a random pick in the first tips."""
    names = policies.split(",")
    scenario = replace(Scenario(), days=10, refit_days=0, population=PopulationModel(people=people))
    worst = np.inf
    with Progress(console=out) as progress:
        task = progress.add_task("simulating", total=len(WORLDS) * len(names) * seeds)
        for world in WORLDS:
            earned: dict[str, Floats] = {}
            for name in names:
                runs = []
                for seed in range(seeds):
                    runs.append(_expected(replace(scenario, seed=seed), name, world))
                    progress.advance(task)
                earned[name] = np.concatenate(runs)
            worst = min(worst, _print(world, earned))
    out.print(f"least gain over random of {names[-1]}: {worst:+.3f}")


def _expected(scenario: Scenario, name: str, world: str) -> Floats:
    """The true mean reward of each tip that was shown, (people, tips)."""
    simulation = Simulation(scenario, parse(name).build())
    WORLDS[world](simulation)
    while not simulation.finished:
        simulation.run_day()
    return simulation.trace.expected


def _print(world: str, earned: dict[str, Floats]) -> float:
    """Print one world's table; the least mean gain of the last policy."""
    table = Table(title=world)
    table.add_column("policy")
    for count in FIRST:
        table.add_column(f"gain, first {count}", justify="right")
    least = np.inf
    for name, rewards in earned.items():
        cells = []
        for count in FIRST:
            gains = (rewards - earned["random"])[:, :count].mean(axis=1)
            half = 1.96 * gains.std(ddof=1) / np.sqrt(len(gains))
            cells.append(f"{gains.mean():+.3f} ± {half:.3f}")
            least = float(gains.mean()) if count == FIRST[0] else min(least, float(gains.mean()))
        table.add_row(name, *cells)
    out.print(table)
    return least


if __name__ == "__main__":
    typer.run(main)
