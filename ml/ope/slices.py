"""The value of a policy within parts of its log, so that a model or a prompt gets its credit.

Two kinds of label divide a log. A label of the *round* (hour, cohort, person) is known before the
choice: its slice is the policy's value on those rounds. A label of the *candidate* (model, prompt
version, kind) is chosen with the tip: selecting rounds by it would condition on the logged choice,
so its slice restricts the policies to the candidates that carry it instead.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.ope.estimators import Estimator
from ml.ope.evaluation import RECOMMENDED, Estimate, summarise
from ml.ope.feedback import BanditFeedback
from ml.ope.intervals import Clusters, IntervalMethod

Labels = NDArray[np.str_]


class Slice(NamedTuple):
    """One label's part: `share` of the evaluation policy's choices, and their value.

    `estimate.value` is the mean reward of a choice that carries the label, so that the shares and
    values of all labels of a division multiply and add up to the policy's value.
    `estimate` is None where the part is too small for an interval or has no overlap.
    """

    label: str
    share: float
    estimate: Estimate | None


def by_round(
    estimator: Estimator,
    feedback: BanditFeedback,
    labels: Labels,
    *,
    method: IntervalMethod = RECOMMENDED,
    level: float = 0.95,
    clusters: Clusters | None = None,
) -> list[Slice]:
    """A slice per distinct label of `labels` (n,), which must not depend on the logged action.

    Raises ValueError when the shape differs.
    """
    if labels.shape != (len(feedback),):
        raise ValueError(f"labels must have shape ({len(feedback)},)")
    found = []
    for label in np.unique(labels):
        rows = labels == label
        part, groups = feedback.take(rows), None if clusters is None else clusters[rows]
        estimate = _estimate(estimator, part, method, level, groups)
        found.append(Slice(str(label), float(rows.mean()), estimate))
    return found


def by_candidate(
    estimator: Estimator,
    feedback: BanditFeedback,
    labels: Labels,
    *,
    method: IntervalMethod = RECOMMENDED,
    level: float = 0.95,
    clusters: Clusters | None = None,
) -> list[Slice]:
    """A slice per distinct label of `labels` (n, K) that some candidate in reach carries.

    The empty label is of candidates about which nothing is known, and gets a slice too. Raises
    ValueError when the shape differs.
    """
    if labels.shape != feedback.evaluation.shape:
        raise ValueError(f"labels must have shape {feedback.evaluation.shape}")
    found = []
    for label in np.unique(labels[feedback.evaluation > 0]):
        part = feedback.restrict(labels == label)
        estimate = _estimate(estimator, part, method, level, clusters)
        found.append(Slice(str(label), float(part.mass.mean()), estimate))
    return found


def _estimate(
    estimator: Estimator,
    part: BanditFeedback,
    method: IntervalMethod,
    level: float,
    clusters: Clusters | None,
) -> Estimate | None:
    try:
        terms = estimator.terms(part)
        return summarise(estimator.name, terms, part, method, level, clusters)
    except ValueError:
        return None
