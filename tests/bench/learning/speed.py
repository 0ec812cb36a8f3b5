"""How long a decision takes: score 10 candidates of d = 16 features, then learn its reward.

    python -m tests.bench.learning.speed

All in one run, in turns, the best of several rounds each: the machine's noise hits all alike.
Also the time of a refit of the population prior for 10,000 people, the size of a person's state,
and simulated decisions per second; beside obp's simulator when `--obp PYTHON` names the Python of
an environment that holds it (scripts/freeze_obp.py says how to make one).
"""

import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
import vowpalwabbit
from bayesianbandits import Arm, ContextualAgent, NormalRegressor, ThompsonSampling
from mabwiser.mab import MAB, LearningPolicy
from rich.console import Console
from rich.table import Table

from ml.policies import policies
from ml.simulation.personas import PopulationModel
from ml.simulation.runner import simulate
from ml.simulation.scenario import Scenario
from ml.training.pooling import People, refit, vague
from oo.domain.policies import Policy, pick
from oo.domain.statistics import Statistics

D, K, ROUNDS = 16, 10, 5
PEOPLE = 10_000

Decide = Callable[[int], None]


class Inputs(NamedTuple):
    """What everybody is told: candidates (N, K, D), rewards (N,)."""

    offers: np.ndarray
    rewards: np.ndarray


def inputs(count: int) -> Inputs:
    rng = np.random.default_rng(3)
    return Inputs(rng.normal(size=(count, K, D)) / 4, rng.normal(size=count))


def ours(policy: Policy, given: Inputs) -> Decide:
    state = Statistics.empty(policy.dimension)

    def decide(i: int) -> None:
        nonlocal state
        x = given.offers[i]
        chosen = pick(policy, policy.posterior(state), x, i).chosen
        state = state.add(policy.embed(x[chosen]), given.rewards[i])

    return decide


def vw(options: str, given: Inputs) -> Decide:
    workspace = vowpalwabbit.Workspace(f"--cb_explore_adf --cb_type mtr --quiet {options}")
    rng = np.random.default_rng(1)

    def decide(i: int) -> None:
        lines = [
            "|a " + " ".join(f"{j}:{value:.5f}" for j, value in enumerate(row))
            for row in given.offers[i]
        ]
        shares = np.array(workspace.predict(lines))
        arm = int(rng.choice(K, p=shares / shares.sum()))
        lines[arm] = f"0:{-given.rewards[i]}:{shares[arm]} {lines[arm]}"
        workspace.learn(lines)

    return decide


def mabwiser(given: Inputs) -> Decide:
    mab = MAB(list(range(K)), LearningPolicy.LinUCB(alpha=0.5))
    mab.fit(list(range(K)), [0.0] * K, np.zeros((K, D)))

    def decide(i: int) -> None:
        x = given.offers[i, :1]  # one context for all arms: it knows no candidates' features
        mab.partial_fit([mab.predict(x)], [given.rewards[i]], x)

    return decide


def bayesianbandits(given: Inputs) -> Decide:
    arms = [Arm(arm, learner=NormalRegressor(alpha=1.0, beta=4.0)) for arm in range(K)]
    agent = ContextualAgent(arms, ThompsonSampling(), random_seed=1)

    def decide(i: int) -> None:
        x = given.offers[i, :1]
        agent.pull(x)
        agent.update(x, given.rewards[i : i + 1])

    return decide


def timed(decide: Decide, start: int, count: int) -> float:
    """Microseconds per decision."""
    began = time.perf_counter()
    for i in range(start, start + count):
        decide(i)
    return (time.perf_counter() - began) / count * 1e6


def refit_seconds() -> float:
    rng = np.random.default_rng(1)
    x, r = rng.normal(size=(PEOPLE, 30, D)) / 4, rng.normal(size=(PEOPLE, 30))
    people = People(
        np.einsum("uti,utj->uij", x, x),
        np.einsum("uti,ut->ui", x, r),
        (r**2).sum(axis=1),
        np.full(PEOPLE, 30.0),
    )
    began = time.perf_counter()
    refit(vague(D), people)
    return time.perf_counter() - began


def simulated_per_second(policy: Policy) -> float:
    """Decisions of the simulator per second: personas, tasks, features, delays and all."""
    scenario = Scenario(days=10, population=PopulationModel(people=50))
    began = time.perf_counter()
    simulate(scenario, policy)
    return 50 * scenario.decisions / (time.perf_counter() - began)


def main(
    count: Annotated[int, typer.Option(help="Decisions per round.")] = 400,
    obp: Annotated[Path | None, typer.Option(help="Python that can import obp.")] = None,
) -> None:
    """Print microseconds per decision; exit with 1 when `ebts` is not fast enough."""
    warnings.filterwarnings("ignore")
    given = inputs(count * ROUNDS)
    known = policies()
    players = {
        **{name: ours(known[name], given) for name in ("ebts", "lints", "squarecb")},
        "VW squareCB": vw("--squarecb", given),
        "VW greedy": vw("--epsilon 0.05", given),
        "MABWiser LinUCB": mabwiser(given),
        "bayesianbandits": bayesianbandits(given),
    }
    best = dict.fromkeys(players, float("inf"))
    for turn in range(ROUNDS):
        for name, decide in players.items():
            best[name] = min(best[name], timed(decide, turn * count, count))
    table = Table(
        "", "µs per decision", "times ebts", title="Score 10 candidates and learn, d = 16"
    )
    for name, value in best.items():
        table.add_row(name, f"{value:.0f}", f"{value / best['ebts']:.1f}")
    console = Console()
    console.print(table)
    seconds = refit_seconds()
    size = len(Statistics.empty(D).encode())
    console.print(f"refit of the prior for {PEOPLE:,} people: {seconds:.2f} s")
    console.print(f"state of a person at d = {D}: {size} bytes")
    for name in ("egreedy-v1", "linucb-v1", "lints", "ebts"):
        console.print(
            f"our simulator, {name}: {simulated_per_second(known[name]):,.0f} decisions/s"
        )
    fast = best["ebts"] * 10 <= min(best["MABWiser LinUCB"], best["bayesianbandits"])
    fast &= best["ebts"] <= min(best["VW squareCB"], best["VW greedy"])
    if obp is not None:
        subprocess.run([obp, Path(__file__).with_name("obp_simulator.py")], check=True)
    raise typer.Exit(int(not fast or seconds > 2 or size > 2500))


if __name__ == "__main__":
    typer.run(main)
