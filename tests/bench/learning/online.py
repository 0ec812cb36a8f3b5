"""One pass over labelled data: reward 1 for naming the right label, nothing else is told.

    python -m tests.bench.learning.online

`ebts` plays with the parameters that it ships with, one model per arm, the same on all sets:
`--choose` shows how they were chosen, on generated data. The peers play each of their settings
for a few passes, and the best ones of each set all passes: the figure is the best of those. It is
given twice: told reward 1 for the right label and 0 else, and told -1 for a wrong one, which is
how `ebts` is told (oO's rewards lie in [-1, 1]).
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
from oo.domain.policies import generator, sample
from oo.domain.statistics import Floats, Statistics
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

    def __init__(self, arms: int, d: int, seed: int, policy: Thompson | None = None) -> None:
        shipped = policy or policies()["ebts"]
        assert isinstance(shipped, Thompson)
        size = 2 * shipped.prior.covariance[0, 0]
        names = tuple(f"x{j}" for j in range(d + 1))
        self._policy = replace(shipped, features=names, prior=vague(d + 1, size))
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
    """Bounded, with an intercept, and about as long as a row of the registry's features."""
    z = np.append(np.clip(x, -2.0, 2.0), 1.0)
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
    choose: Annotated[
        bool, typer.Option("--choose", help="Show how ebts' setting was chosen, on generated data.")
    ] = False,
    sets: Annotated[str, typer.Option(help="Data sets of scikit-learn.")] = ",".join(SETS),
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Print mean rewards; exit with 1 when a peer is ahead on wine or digits."""
    if choose:
        show_choice(jobs)
        return
    table = Table("", "ebts", "VW", "MABWiser", "VW, told -1", "MABWiser, told -1", "the best peer")
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
                _best(
                    pool,
                    name,
                    [one for one in found if (one.peer, one.wrong) == (peer, wrong)],
                    found,
                    seeds,
                )
                for wrong in (0.0, -1.0)
                for peer in ("vw", "mabwiser")
            ]
            ours = Standing.of("ebts", list(pool.map(play_ours, [name] * seeds, range(seeds))))
            best = max(standings, key=lambda standing: standing.mean)
            behind |= name in ("wine", "digits") and ours.mean <= best.mean
            table.add_row(name, str(ours), *map(str, standings), best.who)
    Console(width=150).print(table)
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


def generated() -> list[Labelled]:
    """Data sets unlike each other in size, features, labels and difficulty."""
    found = []
    for seed, (n, d, labels, apart) in enumerate(
        [
            (200, 13, 3, 1.5),
            (150, 4, 3, 1.0),
            (500, 30, 2, 1.2),
            (1500, 40, 8, 2.0),
            (300, 10, 4, 1.5),
            (600, 20, 5, 1.5),
        ]
    ):
        informative = max(3, int(d * 0.6))
        x, y = datasets.make_classification(
            n,
            d,
            n_informative=informative,
            n_redundant=d - informative,
            n_classes=labels,
            n_clusters_per_class=1,
            class_sep=apart,
            random_state=seed,
        )
        found.append(Labelled(StandardScaler().fit_transform(x), y))
    return found


def play_generated(number: int, spread: float, size: float, seed: int) -> float:
    data = generated()[number]
    shipped = policies()["ebts"]
    assert isinstance(shipped, Thompson)
    d = data.x.shape[1]
    policy = replace(shipped, spread=spread, prior=vague(len(shipped.features), size))
    return mean_reward(Ours(int(data.y.max()) + 1, d, seed, policy), data, seed)


def show_choice(jobs: int) -> None:
    """Mean reward on generated data by `spread` (down) and variance of the weights (across)."""
    sizes, spreads = (0.1, 0.2, 0.3, 0.6, 1.2), (0.05, 0.1, 0.15, 0.3, 1.0)
    table = Table("spread", *(f"{size:g}" for size in sizes), title=show_choice.__doc__)
    with ProcessPoolExecutor(jobs) as pool, Progress(transient=True) as progress:
        for spread in progress.track(spreads, description="settings"):
            cells = []
            for size in sizes:
                runs = [(n, spread, size, seed) for n in range(6) for seed in range(4)]
                cells.append(
                    f"{np.mean(list(pool.map(play_generated, *zip(*runs, strict=True)))):.4f}"
                )
            table.add_row(f"{spread:g}", *cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
