"""What a log says of policies: values of whole policies or of their slices, and differences."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ml.ope.decision_log import By, DecisionLog, labels_of
from ml.ope.estimator import Estimator
from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.intervals import Clusters
from ml.ope.policy_value import Difference, Estimate, compare, evaluate
from ml.ope.slices import by_candidate, by_round
from oo.kit.errors import OoError

MANY_PEOPLE = 10
LOGGED = "as logged"


class Replayed(NamedTuple):
    """The log, and the propensities (n, K) of each target policy on it, by name."""

    log: DecisionLog
    propensities: Mapping[str, Floats]

    def supported(self) -> "Replayed":
        """The part of the log in which any of the policies could have decided so."""
        masks = [self.log.supported(table) for table in self.propensities.values()]
        mask = np.logical_and.reduce(masks)
        kept = {name: table[mask] for name, table in self.propensities.items()}
        return Replayed(self.log.take(mask), kept)


class Finding(NamedTuple):
    """One line of the answer; `label` is empty for a whole policy, `share` is of its choices."""

    policy: str
    label: str
    share: float
    estimate: Estimate | None
    difference: Difference | None


def clusters_of(log: DecisionLog) -> Clusters | None:
    """People, where there are enough of them to tell how they differ; else decisions (None)."""
    people = log.people
    return people if len({*people.tolist()}) >= MANY_PEOPLE else None


def findings(
    estimators: Sequence[Estimator],
    replayed: Replayed,
    level: float,
    by: By | None = None,
    against: str | None = None,
) -> list[Finding]:
    """Each policy by each estimator; divided `by`, or with the difference from `against`.

    Raises OoError where a policy cannot be evaluated on this log.
    """
    clusters = clusters_of(replayed.log)
    return [
        finding
        for estimator in estimators
        for finding in _of_estimator(estimator, replayed, by, against, level, clusters)
    ]


def _of_estimator(
    estimator: Estimator,
    replayed: Replayed,
    by: By | None,
    against: str | None,
    level: float,
    clusters: Clusters | None,
) -> list[Finding]:
    log = replayed.log
    feedback = {name: log.feedback(table) for name, table in replayed.propensities.items()}
    logged = log.feedback(log.logging)
    if by:
        found = _slices(estimator, LOGGED, logged, log, by, level, clusters)
    else:
        found = [_whole(estimator, LOGGED, logged, level, clusters)]
    for name, one in feedback.items():
        if by:
            found += _slices(estimator, name, one, log, by, level, clusters)
            continue
        whole = _whole(estimator, name, one, level, clusters)
        if against and name != against:
            other = feedback[against]
            difference = compare(estimator, one, other, level=level, clusters=clusters)
            whole = whole._replace(difference=difference)
        found.append(whole)
    return found


def _whole(
    estimator: Estimator,
    name: str,
    feedback: BanditFeedback,
    level: float,
    clusters: Clusters | None,
) -> Finding:
    try:
        estimate = evaluate(estimator, feedback, level=level, clusters=clusters)
    except ValueError as error:
        raise OoError(f"{name} cannot be evaluated: {error}.") from error
    return Finding(name, "", 1.0, estimate, None)


def _slices(
    estimator: Estimator,
    name: str,
    feedback: BanditFeedback,
    log: DecisionLog,
    by: By,
    level: float,
    clusters: Clusters | None,
) -> list[Finding]:
    labels = labels_of(log, by)
    if by.of_candidate:
        slices = by_candidate(
            estimator, feedback, labels, regression=log.regress, level=level, clusters=clusters
        )
    else:
        # within one person, decisions are all that is left to be independent
        groups = None if by is By.USER else clusters
        slices = by_round(estimator, feedback, labels, level=level, clusters=groups)
    return [Finding(name, one.label, one.share, one.estimate, None) for one in slices]
