"""The rule's coefficients: ridge regression on what human readers found useful.

Readers compared the product with one thoughtful writer. What tells those two apart is worth little
for telling two tips of one writer apart, so the difference between their means counts by a
third (`BETWEEN`). Where agreement is measured, no tip is scored by coefficients that saw its list.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from ml.rating.measures import MEASURES, Floats
from ml.rating.verdicts import Judged
from oo.kit.yaml_files import read_yaml

FILE = Path(__file__).with_name("coefficients.yaml")
VERSION = "1"
RIDGE = 0.1  # of the number of tips, on measures of unit variance
BETWEEN = 0.35


class Coefficients(BaseModel):
    """The score of a tip without faults: `intercept` + Σ weight · measure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    fitted_to: str
    intercept: float
    weights: dict[str, float]

    def scores(self, measured: Floats) -> Floats:
        """From measures (n, MEASURES) to scores (n,), not clipped."""
        weights = np.array([self.weights[name] for name in MEASURES])
        found: Floats = measured @ weights + self.intercept
        return found


class Agreement(NamedTuple):
    """How scores of unseen lists go with readers: Spearman's correlation with their mean.

    `ours` and `theirs` are within the tips of the product and of the writer. `pairs` is the share
    of pairs in which the better one gets more. `reader` is one reader beside the mean of the
    others, and the ceiling of `all_tips`; so `reader_ours`, `reader_theirs` and `reader_pairs`.
    """

    tips: int
    all_tips: float
    ours: float
    theirs: float
    pairs: float
    reader: float
    reader_ours: float
    reader_theirs: float
    reader_pairs: float


@cache
def coefficients() -> Coefficients:
    """Those of the file."""
    return Coefficients.model_validate(read_yaml(FILE))


def fit(measured: Floats, tips: Sequence[Judged]) -> Coefficients:
    """Fit to tips (n) and their measures (n, MEASURES)."""
    y = np.array([tip.mean for tip in tips])
    centre, scale = measured.mean(axis=0), measured.std(axis=0) + 1e-9
    x, target = (measured - centre) / scale, y - y.mean()
    ours = np.array([tip.is_ours for tip in tips])
    for rows in (ours, ~ours):
        x[rows] -= (1 - BETWEEN) * x[rows].mean(axis=0)
        target[rows] -= (1 - BETWEEN) * target[rows].mean()
    penalty = RIDGE * len(y) * np.eye(x.shape[1])
    weights = np.linalg.solve(x.T @ x + penalty, x.T @ target) / scale
    lists = len({tip.reading.list_id for tip in tips})
    return Coefficients(
        version=VERSION,
        fitted_to=f"{len(tips)} tips on {lists} lists, {sum(len(t.useful) for t in tips)} verdicts",
        intercept=round(float(y.mean() - centre @ weights), 4),
        weights={name: round(float(w), 4) for name, w in zip(MEASURES, weights, strict=True)},
    )


def out_of_list(measured: Floats, tips: Sequence[Judged]) -> Floats:
    """The score of each tip by coefficients that saw no tip of its list."""
    lists = np.array([tip.reading.list_id for tip in tips])
    found = np.zeros(len(tips))
    for name in dict.fromkeys(lists):
        rows = np.flatnonzero(lists != name)
        fitted = fit(measured[rows], [tips[row] for row in rows])
        found[lists == name] = fitted.scores(measured[lists == name])
    return found


def agreement(scores: Floats, tips: Sequence[Judged]) -> Agreement:
    """How scores go with what readers said, and how the readers go with each other."""
    ours = np.array([tip.is_ours for tip in tips])
    parts = (np.ones(len(tips), bool), ours, ~ours)
    useful = np.array([tip.useful for tip in tips], np.float64)  # (n, readers)
    mean = useful.mean(axis=1)
    each = [
        (useful[:, r], np.delete(useful, r, axis=1).mean(axis=1)) for r in range(useful.shape[1])
    ]
    by_part = [_rho(scores[rows], mean[rows]) for rows in parts]
    among = [float(np.mean([_rho(one[rows], rest[rows]) for one, rest in each])) for rows in parts]
    return Agreement(
        tips=len(tips),
        all_tips=by_part[0],
        ours=by_part[1],
        theirs=by_part[2],
        pairs=_pairs(scores, mean, tips),
        reader=among[0],
        reader_ours=among[1],
        reader_theirs=among[2],
        reader_pairs=float(np.mean([_pairs(one, rest, tips) for one, rest in each])),
    )


def _pairs(scores: Floats, truth: Floats, tips: Sequence[Judged]) -> float:
    """The share of pairs in the order of the truth; a tie of the scores is half right."""
    rows: dict[tuple[int, str], list[int]] = {}
    for row, tip in enumerate(tips):
        rows.setdefault((tip.round, tip.pair), []).append(row)
    orders = [
        (np.sign(scores[a] - scores[b]), np.sign(truth[a] - truth[b])) for a, b in rows.values()
    ]
    return float(np.mean([(1 + said * true) / 2 for said, true in orders if true]))


def _rho(a: Floats, b: Floats) -> float:
    from scipy import stats  # takes a second, and only this needs it

    return float(stats.spearmanr(a, b).statistic)


def save(found: Coefficients, path: Path = FILE) -> None:
    """Write the file that the rule reads."""
    text = "# Written by `oo judge fit`; what each measure is: ml/rating/measures.py.\n"
    body = yaml.safe_dump(found.model_dump(), sort_keys=False, allow_unicode=True)
    path.write_text(text + body, "utf-8")
