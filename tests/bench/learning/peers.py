"""The peers as a classification bandit sees them: what they are told is what ours is told."""

import warnings
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np
import vowpalwabbit
from mabwiser.mab import MAB, LearningPolicy

from oo.domain.statistics import Floats

warnings.filterwarnings("ignore", module="mabwiser")


class Player(Protocol):
    """One pass: choose an arm for features (d,), then learn its reward."""

    def choose(self, x: Floats) -> int: ...

    def learn(self, x: Floats, arm: int, reward: float) -> None: ...


class Setting(NamedTuple):
    """A peer under one of its settings; features come scaled in one of three ways.

    A wrong label is told as reward `wrong`: 0, or -1 as `ebts` is told it.
    """

    peer: str
    scaling: str
    options: str
    wrong: float

    def player(self, arms: int, seed: int) -> Player:
        if self.peer == "mabwiser":
            return MabWiser(arms, float(self.options), self.wrong, seed)
        return VowpalWabbit(arms, self.options, self.wrong, seed)

    def __str__(self) -> str:
        return f"{self.peer} {self.options} ({self.scaling}, wrong {self.wrong:g})"


SCALINGS = ("standard", "minmax", "raw")
VW = (
    "--squarecb",
    "--squarecb --gamma_scale 100",
    "--squarecb --gamma_scale 1000",
    "--epsilon 0",
    "--epsilon 0.02",
    "--epsilon 0.05",
)


def settings() -> Iterator[Setting]:
    """Every setting of a peer that competes; each data set takes the best."""
    for scaling, wrong in product(SCALINGS, (0.0, -1.0)):
        for alpha in (0.5, 1.0):
            yield Setting("mabwiser", scaling, str(alpha), wrong)
        for explore in VW:
            for rate in (0.5, 2.0):
                yield Setting("vw", scaling, f"{explore} -l {rate}", wrong)


class VowpalWabbit:
    """`cb_explore_adf` with one action feature crossed with the context: parameters per arm."""

    def __init__(self, arms: int, options: str, wrong: float, seed: int) -> None:
        self._vw = vowpalwabbit.Workspace(
            f"--cb_explore_adf --cb_type mtr -q sa --ignore_linear s --quiet {options}"
        )
        self._rng = np.random.default_rng(seed)
        self._actions = [f"|a arm{arm}" for arm in range(arms)]
        self._wrong = wrong
        self._shared = ""
        self._propensity = 1.0

    def choose(self, x: Floats) -> int:
        numbers = " ".join(f"{j}:{value:.6f}" for j, value in enumerate(x))
        self._shared = f"shared |s {numbers} c:1"
        shares = np.array(self._vw.predict([self._shared, *self._actions]))
        arm = int(self._rng.choice(len(shares), p=shares / shares.sum()))
        self._propensity = max(float(shares[arm]), 1e-6)
        return arm

    def learn(self, x: Floats, arm: int, reward: float) -> None:
        lines = [self._shared, *self._actions]
        told = reward or self._wrong
        lines[arm + 1] = f"0:{-told}:{self._propensity} {lines[arm + 1]}"
        self._vw.learn(lines)


class MabWiser:
    """LinUCB, with an intercept added since it has none of its own."""

    def __init__(self, arms: int, alpha: float, wrong: float, seed: int) -> None:
        self._mab = MAB(list(range(arms)), LearningPolicy.LinUCB(alpha=alpha), seed=seed)
        self._wrong = wrong
        self._begun = False

    def choose(self, x: Floats) -> int:
        row = np.append(x, 1.0)[None]
        if not self._begun:
            self._mab.fit([0], [0.0], np.zeros_like(row))
            self._begun = True
        return int(self._mab.predict(row))

    def learn(self, x: Floats, arm: int, reward: float) -> None:
        told = reward or self._wrong
        self._mab.partial_fit([arm], [told], np.append(x, 1.0)[None])
