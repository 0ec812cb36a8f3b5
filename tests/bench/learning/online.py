"""One pass over labelled data: reward 1 for naming the right label, nothing else is told.

    python -m tests.bench.learning.online

`ebts` plays with the parameters that it ships with, one model per arm, the same on all sets. The
peers play each of their settings for a few passes, and the best ones of each set all passes: the
figure is the best of those. Its settings were never tried on these sets for choosing; see
docs/learning.md for where they come from.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sklearn import datasets
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from ml.policies import policies
from ml.policies._linear import Gaussian, explored
from ml.policies._thompson import Thompson, best_shares
from ml.training.pooling import vague
from oo.domain.policy import Floats, Statistics, generator, sample
from tests.bench.learning.peers import Player, Setting, settings

SETS = ("wine", "digits", "iris", "breast_cancer")
TRIAL_PASSES = 3
FINALISTS = 3


class Labelled(NamedTuple):
    """Features (n, d) and labels (n,)."""

    x: Floats
    y: Floats


def load(name: str, scaling: str) -> Labelled:
    found = getattr(datasets, f"load_{name}")()
    scalers = {"standard": StandardScaler, "minmax": MinMaxScaler}
    x = scalers[scaling]().fit_transform(found.data) if scaling in scalers else found.data
    return Labelled(np.asarray(x, float), found.target)


class Ours:
    """`ebts` with one model per arm: an arm's statistics are what a person's are elsewhere."""

    def __init__(self, arms: int, d: int, seed: int) -> None:
        shipped = policies()["ebts"]
        assert isinstance(shipped, Thompson)
        names = tuple(f"x{j}" for j in range(d + 1))
        self._policy = replace(shipped, features=names, prior=vague(d + 1))
        self._states = [Statistics.empty(d + 1)] * arms
        self._beliefs: list[Gaussian] = [self._policy.posterior(one) for one in self._states]
        self._seed, self._step = seed, 0

    def choose(self, x: Floats) -> int:
        z = _row(x)
        rng = generator(self._seed * 1_000_000 + self._step)
        self._step += 1
        means = np.array([belief.mean @ z for belief in self._beliefs])
        variances = np.array([z @ belief.covariance @ z for belief in self._beliefs])
        policy = self._policy
        spread = policy.spread**2 * np.diag(variances)
        shares = best_shares(means, spread, policy.draws)
        return sample(explored(shares, policy.epsilon), rng)

    def learn(self, x: Floats, arm: int, reward: float) -> None:
        # its parameters are for oO's rewards: -1 for a dismissal, 1 for the best of reactions
        self._states[arm] = self._states[arm].add(_row(x), 2.0 * reward - 1.0)
        self._beliefs[arm] = self._policy.posterior(self._states[arm])


def _row(x: Floats) -> Floats:
    """With an intercept, and about as long as a row of the registry's features."""
    z = np.append(x, 1.0)
    scaled: Floats = z / np.sqrt(len(z))
    return scaled


def mean_reward(player: Player, data: Labelled, seed: int) -> float:
    right = 0
    for i in np.random.default_rng(seed).permutation(len(data.y)):
        arm = player.choose(data.x[i])
        reward = float(arm == data.y[i])
        player.learn(data.x[i], arm, reward)
        right += arm == data.y[i]
    return right / len(data.y)


def play_ours(name: str, seed: int) -> float:
    data = load(name, "standard")
    return mean_reward(Ours(int(data.y.max()) + 1, data.x.shape[1], seed), data, seed)


def play_peer(name: str, setting: Setting, seed: int) -> float:
    data = load(name, setting.scaling)
    return mean_reward(setting.player(int(data.y.max()) + 1, seed), data, seed)


class Standing(NamedTuple):
    """Mean reward of a player over the passes, with its standard error."""

    who: str
    mean: float
    error: float

    @classmethod
    def of(cls, who: str, rewards: Sequence[float]) -> "Standing":
        return cls(who, float(np.mean(rewards)), float(np.std(rewards) / np.sqrt(len(rewards))))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"


def main(
    seeds: Annotated[int, typer.Option(help="Passes, each in another order.")] = 20,
    sets: Annotated[str, typer.Option(help="Data sets of scikit-learn.")] = ",".join(SETS),
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Print mean rewards; exit with 1 when a peer is ahead on wine or digits."""
    table = Table("", "ebts", "best VW", "best MABWiser", "with")
    behind = False
    with ProcessPoolExecutor(jobs) as pool, Progress(transient=True) as progress:
        for name in sets.split(","):
            trials = [(one, seed) for one in settings() for seed in range(TRIAL_PASSES)]
            task = progress.add_task(name, total=len(trials))
            found: dict[Setting, list[float]] = {}
            futures = [pool.submit(play_peer, name, one, seed) for one, seed in trials]
            for (one, _), future in zip(trials, futures, strict=True):
                found.setdefault(one, []).append(future.result())
                progress.advance(task)
            standings = [
                _best(pool, name, [one for one in found if one.peer == peer], found, seeds)
                for peer in ("vw", "mabwiser")
            ]
            ours = Standing.of("ebts", list(pool.map(play_ours, [name] * seeds, range(seeds))))
            best = max(standings, key=lambda standing: standing.mean)
            behind |= name in ("wine", "digits") and ours.mean <= best.mean
            table.add_row(name, str(ours), str(standings[0]), str(standings[1]), best.who)
    Console(width=130).print(table)
    raise typer.Exit(int(behind))


def _best(
    pool: ProcessPoolExecutor,
    name: str,
    candidates: Sequence[Setting],
    found: dict[Setting, list[float]],
    seeds: int,
) -> Standing:
    finalists = sorted(candidates, key=lambda one: -float(np.mean(found[one])))[:FINALISTS]
    rewards = {
        one: list(pool.map(play_peer, [name] * seeds, [one] * seeds, range(seeds)))
        for one in finalists
    }
    return max((Standing.of(str(one), rewards[one]) for one in finalists), key=lambda s: s.mean)


if __name__ == "__main__":
    typer.run(main)
