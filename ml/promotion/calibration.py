"""How often the gate errs: `python -m ml.promotion.calibration --help`.

An operator looks after every batch of decisions and promotes at the first pass. In the worlds of
`NULLS` the challenger is no better, so each promotion is a false one; with a gain, it is power.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from ml.ope.feedback import Booleans, Floats, Ints
from ml.promotion.differences import gains
from ml.promotion.evidence import Evidence
from ml.promotion.gate import Simulated, examine
from ml.promotion.limits import LIMITS
from ml.promotion.sequences import by_decision, by_person
from ml.promotion.worlds import NULLS, World

GAINS = (0.05, 0.1, 0.2)
POWERED = (
    World("explores 20%"),
    World("explores 10%", exploration=0.1),
    World("explores 5%, bold", exploration=0.05, boldness=0.9),
)
RULES = ("naive", "by decision", "by person", "both", "gate")
NORMAL_95 = 1.6449


class Run(NamedTuple):
    """The look (index from 0) at which each rule would have promoted, (RULES,); -1: never."""

    first: Ints


def run(seed: np.random.SeedSequence, world: World, decisions: int, batch: int) -> Run:
    """One log, looked at after each batch; repeatable from `seed`."""
    evidence = world.evidence(decisions, np.random.default_rng(seed))
    looks = np.arange(batch, decisions + 1, batch)
    found = gains(evidence)
    decision = by_decision(found, LIMITS.level, looks) > LIMITS.gain
    person = by_person(found.values, evidence.people, LIMITS.level, looks) > LIMITS.gain
    both = decision & person
    rules = [_first(one) for one in (_naive(found.values, looks), decision, person, both)]
    passing = (i for i in np.flatnonzero(both).tolist() if promotes(evidence.first(int(looks[i]))))
    return Run(np.array([*rules, next(passing, -1)]))


def promotes(evidence: Evidence) -> bool:
    """The whole gate, with a simulation that agrees."""
    return examine("new", "old", evidence, lambda: Simulated(0.0, 0.0, 0.0)).passed


def _naive(values: Floats, looks: Ints) -> Booleans:
    """What it would be to test at 5% at each look as if it were the only one."""
    mean = values.cumsum()[looks - 1] / looks
    square = (values**2).cumsum()[looks - 1] / looks
    error = np.sqrt(np.maximum(square - mean**2, 1e-12) / looks)
    passed: Booleans = mean > NORMAL_95 * error
    return passed


def _first(passed: Booleans) -> int:
    return int(np.argmax(passed)) if passed.any() else -1


def measure(
    world: World, simulations: int, decisions: int, batch: int, seed: int, jobs: int = 1
) -> Ints:
    """The first passing look of each rule in each simulation, (simulations, RULES)."""
    seeds = np.random.SeedSequence(seed).spawn(simulations)
    one = partial(run, world=world, decisions=decisions, batch=batch)
    return np.array([found.first for found in _map(one, seeds, jobs)])


def _map(one: "partial[Run]", seeds: Sequence[np.random.SeedSequence], jobs: int) -> Iterator[Run]:
    if jobs == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(one, seeds, chunksize=10)


def shares(first: Ints) -> Floats:
    """The share of simulations in which each rule promoted at all, (RULES,)."""
    promoted: Floats = (first >= 0).mean(axis=0)
    return promoted


def power(first: Ints, batch: int, sizes: Sequence[int]) -> Floats:
    """The share in which the gate had promoted by each of `sizes` decisions."""
    gate = first[:, RULES.index("gate")]
    return np.array([((gate >= 0) & ((gate + 1) * batch <= size)).mean() for size in sizes])


def null_table(found: Iterable[tuple[World, Floats]], title: str) -> Table:
    """False promotions by world and rule."""
    table = Table("no better", title=title)
    for rule in RULES:
        table.add_column(rule, justify="right")
    for world, promoted in found:
        table.add_row(world.name, *(f"{share:.1%}" for share in promoted))
    return table


def power_table(found: Iterable[tuple[World, Floats]], sizes: Sequence[int], title: str) -> Table:
    """Promotions by the gate, by gain and number of decisions."""
    table = Table("the log", "gain", title=title)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    for world, promoted in found:
        table.add_row(world.name, f"{world.gain:+.2f}", *(f"{share:.0%}" for share in promoted))
    return table


def main(
    simulations: Annotated[int, typer.Option(min=2, help="Logs per null world.")] = 1000,
    powered: Annotated[int, typer.Option(min=2, help="Logs per world with a gain.")] = 200,
    decisions: Annotated[int, typer.Option(min=200, help="Decisions of a null log.")] = 2000,
    longest: Annotated[int, typer.Option(min=1000, help="Decisions of one with a gain.")] = 8000,
    batch: Annotated[int, typer.Option(min=2, help="Decisions between two looks.")] = 50,
    seed: Annotated[int, typer.Option(help="Repeats the run.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Measure how often a challenger that is no better is promoted, and how often a better one."""
    worlds = [replace(world, gain=gain) for world in POWERED for gain in GAINS]
    sizes = [longest // 8, longest // 4, longest // 2, longest]
    nulls, powers = [], []
    with tqdm(total=len(NULLS) + len(worlds), unit="world", leave=False, disable=None) as bar:
        for world in NULLS:
            first = measure(world, simulations, decisions, batch, seed, jobs)
            nulls.append((world, shares(first)))
            bar.update()
        for world in worlds:
            first = measure(world, powered, longest, 2 * batch, seed, jobs)
            powers.append((world, power(first, 2 * batch, sizes)))
            bar.update()
    console = Console(width=110)
    title = f"False promotions in {simulations} logs of {decisions} decisions, a look each {batch}"
    console.print(null_table(nulls, title))
    title = f"Promotions by the gate within so many decisions, {powered} logs each"
    console.print(power_table(powers, sizes, title))


if __name__ == "__main__":
    typer.run(main)
