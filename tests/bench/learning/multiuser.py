"""Many people at once: does learning from each other pay?

    python -m tests.bench.learning.multiuser

Person u has weights θ_u ~ N(μ, h² I), μ ~ N(0, I), in d = 16 dimensions; each of T = 60 rounds
offers everybody K = 6 candidates x ~ N(0, I/16) with reward xᵀθ_u + N(0, 0.5²). Regret is what the
best candidates would have brought more, per person. All are told the noise and that μ ~ N(0, I),
nobody is told h. `ebts` refits its prior after each round; `separate` and
`pooled` are Thompson sampling from N(0, I), per person and on everybody's reactions as if of one:
as in the textbook, and as narrow as `ebts` samples. `oracle` is ebts that is told μ, h and noise.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ml.policies import policies
from ml.policies._thompson import Thompson
from ml.training.pooling import Prior, refit, stack
from oo.domain.policies import pick
from oo.domain.statistics import Floats, Statistics

D, K, T, NOISE = 16, 6, 60, 0.5
NAMES = tuple(f"x{j}" for j in range(D))
EBTS = policies()["ebts"]
assert isinstance(EBTS, Thompson)


class Row(NamedTuple):
    """One setting: people, heterogeneity h, rounds until a reaction is known."""

    label: str
    people: int
    heterogeneity: float
    delay: int
    limit: float


ROWS = (
    Row("10 people", 10, 0.5, 0, 0.85),
    Row("60 people", 60, 0.5, 0, 0.85),
    Row("60 people, delay 5", 60, 0.5, 5, 0.85),
    Row("60 people, low heterogeneity", 60, 0.2, 0, 1.25),
    Row("60 people, high heterogeneity", 60, 1.0, 0, 1.25),
)


class World(NamedTuple):
    """One seed's people and everything that chance decides, shared by all who are compared."""

    mean: Floats
    weights: Floats  # (M, D)
    offers: Floats  # (T, M, K, D)
    noise: Floats  # (T, M)


def world(row: Row, seed: int) -> World:
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=D)
    weights = mean + row.heterogeneity * rng.normal(size=(row.people, D))
    offers = rng.normal(size=(T, row.people, K, D)) / np.sqrt(D)
    return World(mean, weights, offers, NOISE * rng.normal(size=(T, row.people)))


Posteriors = Callable[[list[Statistics]], list[object]]


def play(policy: Thompson, posteriors: Posteriors, row: Row, seed: int) -> float:
    """Regret per person of `policy`, whose posteriors are made anew in each round."""
    w = world(row, seed)
    states = [Statistics.empty(D)] * row.people
    unknown: deque[tuple[int, int, Floats, float]] = deque()
    regret = 0.0
    for t in range(T):
        beliefs = posteriors(states)
        for u in range(row.people):
            x = w.offers[t, u]
            chosen = pick(policy, beliefs[u], x, (seed * T + t) * row.people + u).chosen
            values = x @ w.weights[u]
            regret += values.max() - values[chosen]
            unknown.append((t, u, x[chosen], values[chosen] + w.noise[t, u]))
        while unknown and unknown[0][0] <= t - row.delay:
            _, u, shown, reward = unknown.popleft()
            states[u] = states[u].add(shown, reward)
    return regret / row.people


def hierarchical(row: Row, seed: int) -> float:
    start = Prior(np.zeros(D), 0.3 * np.eye(D), NOISE**2, np.eye(D))
    prior = start

    def posteriors(states: list[Statistics]) -> list[object]:
        nonlocal prior
        if any(state.n for state in states):
            prior = refit(start, stack(states), begin=prior)
        fitted = replace(ours, prior=prior)
        return [fitted.posterior(state) for state in states]

    ours = replace(EBTS, features=NAMES, prior=start, decay=1.0)
    return play(ours, posteriors, row, seed)


def separate(row: Row, seed: int, spread: float) -> float:
    policy = Thompson("separate", "1", NAMES, prior=plain(), spread=spread, epsilon=0.0)
    return play(policy, lambda states: [policy.posterior(one) for one in states], row, seed)


def pooled(row: Row, seed: int, spread: float) -> float:
    policy = Thompson("pooled", "1", NAMES, prior=plain(), spread=spread, epsilon=0.0)

    def posteriors(states: list[Statistics]) -> list[object]:
        everybody = Statistics(
            np.sum([one.A for one in states], axis=0),
            np.sum([one.b for one in states], axis=0),
            sum(one.q for one in states),
            sum(one.n for one in states),
        )
        return [policy.posterior(everybody)] * len(states)

    return play(policy, posteriors, row, seed)


def oracle(row: Row, seed: int) -> float:
    h = row.heterogeneity
    prior = Prior(world(row, seed).mean, h * h * np.eye(D), NOISE**2, np.zeros((D, D)))
    policy = replace(EBTS, features=NAMES, prior=prior, decay=1.0, epsilon=0.0)
    return play(policy, lambda states: [policy.posterior(one) for one in states], row, seed)


def plain() -> Prior:
    return Prior(np.zeros(D), np.eye(D), NOISE**2, np.zeros((D, D)))


PLAYERS: dict[str, Callable[[Row, int], float]] = {
    "separate": lambda row, seed: separate(row, seed, 1.0),
    "separate, narrow": lambda row, seed: separate(row, seed, EBTS.spread),
    "pooled": lambda row, seed: pooled(row, seed, 1.0),
    "pooled, narrow": lambda row, seed: pooled(row, seed, EBTS.spread),
    "ebts": hierarchical,
    "oracle": oracle,
}


def main(seeds: Annotated[int, typer.Option(help="Worlds per row.")] = 20) -> None:
    """Print regret per person; exit with 1 when `ebts` misses a limit."""
    table = Table("", *PLAYERS, "ratio", "limit", title=f"Regret per person over {T} rounds")
    missed = False
    for row in ROWS:
        regrets = {
            name: float(np.mean([player(row, seed) for seed in range(seeds)]))
            for name, player in track(PLAYERS.items(), row.label, transient=True)
        }
        textbook = min(regrets["separate"], regrets["pooled"])
        best = min(textbook, regrets["separate, narrow"], regrets["pooled, narrow"])
        ratio = regrets["ebts"] / textbook
        missed |= ratio > row.limit
        table.add_row(
            row.label,
            *(f"{value:.2f}" for value in regrets.values()),
            f"{ratio:.2f} ({regrets['ebts'] / best:.2f})",
            f"{row.limit:.2f}",
        )
    console = Console(width=160)
    console.print(table)
    console.print("ratio: ebts to the better of separate and pooled (narrow ones included)")
    raise typer.Exit(int(missed))


if __name__ == "__main__":
    typer.run(main)
