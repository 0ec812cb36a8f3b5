"""What judges rate, how they answer, and how far one agrees with another."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from ml.generation.completion import Completer
from ml.simulation.features import offer
from ml.simulation.personas import Personas
from ml.simulation.scenario import Scenario, moment
from ml.simulation.world import World
from oo.domain.tips import Offer


@dataclass(frozen=True, slots=True)
class Case:
    """One tip for one simulated person at one moment.

    `persona` holds that one person; `appeal` is the tip's hidden appeal to them now, which a judge
    may use or, as one does who only reads, leave alone.
    """

    offer: Offer
    now: datetime
    persona: Personas
    appeal: float


class Verdict(NamedTuple):
    """A judge's opinion of a case: `score` in [-1, 1], on the scale of rewards."""

    score: float
    reason: str


@runtime_checkable
class Judge(Protocol):
    """One way to rate tips; one file in `ml/judges`, exported as ``JUDGE``."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    async def judge(
        self, cases: Sequence[Case], models: Completer | None = None
    ) -> list[Verdict | None]:
        """A verdict per case, None where the answer made no sense.

        `models` is the alias that a judge may ask. Raises Unavailable when it needs one and there
        is none, or it does not answer.
        """
        ...


class Calibration(NamedTuple):
    """How one judge's scores follow a reference's over n cases.

    `agreement` is the share of pairs of cases that both put in the same order, 0.5 by chance, with
    the reference's ties left out; `correlation` is Pearson's, `rank_correlation` Spearman's;
    `slope` and `intercept` give the reference's score by least squares on the judge's (1 and 0: it
    needs no correction); `failed` counts answers that made no sense.
    """

    agreement: float
    correlation: float
    rank_correlation: float
    slope: float
    intercept: float
    cases: int
    failed: int


def draw_cases(scenario: Scenario, n: int, day: int = 0) -> list[Case]:
    """The first n candidates that the people of a scenario are offered on its first day."""
    world = World(scenario)
    world.begin(day)
    offered = world.offer(0)
    people, k = offered.appeal.shape
    return [
        Case(
            offer(offered.tips, person, one),
            moment(offered.tips.now[person]),
            _only(world.personas, person),
            float(offered.appeal[person, one]),
        )
        for person in range(people)
        for one in range(k)
    ][:n]


def calibrate(judge: Sequence[Verdict | None], reference: Sequence[Verdict | None]) -> Calibration:
    """How `judge` follows `reference` on the cases that both answered. ValueError below 3."""
    pairs = [(j.score, r.score) for j, r in zip(judge, reference, strict=True) if j and r]
    failed = len(judge) - len(pairs)
    if len(pairs) < 3:
        raise ValueError(f"only {len(pairs)} of {len(judge)} verdicts can be compared")
    x, y = (np.array(values) for values in zip(*pairs, strict=True))
    if np.ptp(x) == 0:  # a judge who always says the same knows nothing
        return Calibration(0.5, 0.0, 0.0, 0.0, float(y.mean()), len(pairs), failed)
    first, second = np.triu_indices(len(x), 1)
    order_y = np.sign(y[first] - y[second])
    order_x = np.sign(x[first] - x[second])
    told = order_y != 0
    from scipy import stats  # takes a second, and only this needs it

    fit = stats.linregress(x, y)
    return Calibration(
        agreement=float(np.mean((1 + order_x[told] * order_y[told]) / 2)),
        correlation=float(fit.rvalue),
        rank_correlation=float(stats.spearmanr(x, y).statistic),
        slope=float(fit.slope),
        intercept=float(fit.intercept),
        cases=len(pairs),
        failed=failed,
    )


def _only(personas: Personas, person: int) -> Personas:
    return Personas(
        **{one.name: getattr(personas, one.name)[person : person + 1] for one in fields(Personas)}
    )
