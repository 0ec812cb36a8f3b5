"""The value of a policy within parts of its log, so that a model or a prompt gets its credit.

Two kinds of label divide a log. A label of the *round* (hour, cohort, person) is known before the
choice: its slice is the policy's value on those rounds. A label of the *candidate* (model, prompt
version, kind) comes with the choice: selecting rounds by it would keep the logging policy's reasons
for that choice. There the label is an outcome: a slice is the ratio of two policy values, of the
reward where the label was shown, V(r·1{label}), and of showing it, V(1{label}).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.ope.estimator import Estimator
from ml.ope.feedback import BanditFeedback, Booleans, Floats
from ml.ope.intervals import Clusters, IntervalMethod
from ml.ope.policy_value import RECOMMENDED, Estimate, summarise
from ml.ope.terms import Terms

Labels = NDArray[np.str_]
Regression = Callable[[Floats], Floats]


class Slice(NamedTuple):
    """One label's part: `share` of the evaluation policy's choices, and what they earn on average.

    Σ share · value over all labels is the value of the policy. `estimate` is None where the part
    has no overlap or fewer than two rounds or clusters.
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
    found = []
    for label, rows in _masks(labels, len(feedback)):
        part, groups = feedback.take(rows), None if clusters is None else clusters[rows]
        try:
            terms = estimator.terms(part)
            estimate = summarise(estimator.name, terms, part, method, level, groups)
        except ValueError:
            estimate = None
        found.append(Slice(label, float(rows.mean()), estimate))
    return found


def by_candidate(
    estimator: Estimator,
    feedback: BanditFeedback,
    labels: Labels,
    *,
    regression: Regression | None = None,
    method: IntervalMethod = RECOMMENDED,
    level: float = 0.95,
    clusters: Clusters | None = None,
) -> list[Slice]:
    """A slice per distinct label of `labels` (n,), those of the logged actions.

    `regression` estimates an outcome (n,) for every action, (n, K), as the reward model does for
    the reward; estimators that need none do without. The effective sample size and the largest
    weight are of the rounds that carry the label. Raises ValueError when the shape differs, or a
    regression is needed.
    """
    found = []
    for label, rows in _masks(labels, len(feedback)):
        reward = _value_of(estimator, feedback, rows * feedback.rewards, regression)
        shown = _value_of(estimator, feedback, rows.astype(np.float64), regression)
        try:
            terms = Terms(np.zeros(len(rows)), reward.values, shown.values)
            part = feedback.take(rows)
            summary = summarise(estimator.name, terms, part, method, level, clusters)
            estimate = summary if part.weights.any() else None
        except ValueError:
            estimate = None
        found.append(Slice(label, shown.estimate, estimate))
    return found


def _value_of(
    estimator: Estimator, feedback: BanditFeedback, outcome: Floats, regression: Regression | None
) -> Terms:
    estimated = None if regression is None else regression(outcome)
    return estimator.terms(feedback.with_outcome(outcome, estimated))


def _masks(labels: Labels, n: int) -> list[tuple[str, Booleans]]:
    if labels.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), has {labels.shape}")
    return [(str(label), labels == label) for label in np.unique(labels)]
