"""How often intervals hold the truth: `python -m ml.ope.coverage --help`.

Each simulated log is evaluated by every estimator with every interval, against the known value of
the evaluation policy. An interval is honest when it holds it in 95% of the logs.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from ml.ope.bootstrap import percentile_limits, resample_counts, studentised_limits
from ml.ope.estimator import Estimator
from ml.ope.estimators import estimators
from ml.ope.estimators.clipped_ips import ClippedIPS
from ml.ope.estimators.dros import DRos
from ml.ope.estimators.switch_dr import SwitchDR
from ml.ope.feedback import Floats
from ml.ope.intervals import EmpiricalBernstein, Interval, StudentT
from ml.ope.reward_model import CrossFittedRidge
from ml.ope.simulation import World
from ml.ope.terms import Terms

LEVEL = 0.95
METHODS = ("student-t", "percentile-bootstrap", "studentised-bootstrap", "empirical-bernstein")


class Trial(NamedTuple):
    """One log: estimates (E,) and limits (E, M, 2) of E estimators and M interval methods."""

    estimates: Floats
    limits: Floats


class Coverage(NamedTuple):
    """Over all logs: the coverage and mean width of each method (M,), and the estimator's bias
    and standard deviation in units of reward."""

    estimator: str
    covered: Floats
    width: Floats
    bias: float
    deviation: float


def candidates() -> list[Estimator]:
    """The library's estimators, and settings under which three of them are biased by design."""
    return [
        *estimators().values(),
        ClippedIPS(2.0, "clipped-ips λ=2"),
        SwitchDR(1.0, "switch-dr τ=1"),
        DRos(1.0, "dros λ=1"),
    ]


def trial(seed: np.random.SeedSequence, world: World, rounds: int, replicates: int) -> Trial:
    """Simulate and evaluate one log; repeatable from `seed`."""
    rng = np.random.default_rng(seed)
    log = world.log(rounds, rng)
    q_hat = CrossFittedRidge().estimated_rewards(log.features, log.actions, log.rewards, rng)
    feedback = log.feedback(q_hat)
    counts = resample_counts(rounds, replicates, rng)
    terms = [estimator.terms(feedback) for estimator in candidates()]
    limits = np.array([[one[:2] for one in intervals(term, counts)] for term in terms])
    return Trial(np.array([term.estimate for term in terms]), limits)


def intervals(terms: Terms, counts: Floats) -> Iterator[Interval]:
    """The interval of each of `METHODS`; the bootstraps share the resamples `counts` (B, n)."""
    totals = terms.totals()
    yield StudentT().interval(terms, LEVEL)
    yield percentile_limits(totals, counts, LEVEL)
    yield studentised_limits(totals, counts, LEVEL)
    yield EmpiricalBernstein().interval(terms, LEVEL)


def summarise(trials: Sequence[Trial], truth: float) -> list[Coverage]:
    """Coverage, width and bias of each estimator over `trials`."""
    estimates = np.array([one.estimates for one in trials])
    limits = np.array([one.limits for one in trials])
    covered = (limits[..., 0] <= truth) & (truth <= limits[..., 1])
    width = (limits[..., 1] - limits[..., 0]).mean(axis=0)
    return [
        Coverage(
            estimator.name,
            covered[:, i].mean(axis=0),
            width[i],
            float(estimates[:, i].mean() - truth),
            float(estimates[:, i].std(ddof=1)),
        )
        for i, estimator in enumerate(candidates())
    ]


def measure(
    world: World, logs: int, rounds: int, replicates: int, seed: int, jobs: int = 1
) -> list[Coverage]:
    """Coverage over `logs` simulated logs of `rounds` rounds; the same for any number of jobs."""
    seeds = np.random.SeedSequence(seed).spawn(logs + 1)
    truth = world.value(np.random.default_rng(seeds[0]))
    run = partial(trial, world=world, rounds=rounds, replicates=replicates)
    return summarise(list(_progress(_map(run, seeds[1:], jobs), logs)), truth)


def _map(
    run: "partial[Trial]", seeds: Sequence[np.random.SeedSequence], jobs: int
) -> Iterator[Trial]:
    if jobs == 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, seeds, chunksize=10)


def _progress(trials: Iterable[Trial], total: int) -> Iterable[Trial]:
    return tqdm(trials, total=total, unit="log", leave=False, disable=None)


def table(rows: Sequence[Coverage], title: str) -> Table:
    """Coverage per method, with the mean width after it, and bias in standard deviations."""
    printed = Table(title=title)
    printed.add_column("estimator")
    for method in METHODS:
        printed.add_column(method, justify="right")
    printed.add_column("bias/sd", justify="right")
    for row in rows:
        cells = [f"{c:.1%} ({w:.3f})" for c, w in zip(row.covered, row.width, strict=True)]
        printed.add_row(row.estimator, *cells, f"{row.bias / row.deviation:+.2f}")
    return printed


def main(
    logs: Annotated[int, typer.Option(min=2, help="Simulated logs.")] = 1000,
    rounds: Annotated[int, typer.Option(min=10, help="Rounds per log.")] = 2000,
    replicates: Annotated[int, typer.Option(min=50, help="Bootstrap replicates.")] = 400,
    seed: Annotated[int, typer.Option(help="Repeats the run.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    exploration: Annotated[
        float, typer.Option(help="Uniform share of the logging policy; less means larger weights.")
    ] = 0.2,
    temperature: Annotated[
        float, typer.Option(help="Of the evaluation policy; lower is further from the log.")
    ] = 0.7,
) -> None:
    """Measure the coverage of 95% intervals on logs with a known truth."""
    world = World(exploration=exploration, temperature=temperature)
    rows = measure(world, logs, rounds, replicates, seed, jobs)
    title = f"Coverage of 95% intervals (mean width), {logs} logs of {rounds} rounds"
    Console(width=150).print(table(rows, title))


if __name__ == "__main__":
    typer.run(main)
