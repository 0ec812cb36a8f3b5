"""Off-policy evaluation (F8) of the store's decision log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ml.ope.decision_log import By
from ml.ope.estimator import Estimator
from ml.ope.estimators import estimators
from ml.ope.findings import Finding, Replayed, clusters_of, findings
from ml.ope.policy_value import Difference, Estimate
from ml.policies import policies
from oo.domain.policies import Policy
from oo.kit.errors import BadRequest
from oo.mlops import policy_lookup
from oo.mlops.logged_decisions import read_log, replay
from oo.store.database import Database

# what the command line and the console work with; they do not see `ml`
__all__ = [
    "USUAL_ESTIMATORS",
    "By",
    "Difference",
    "Estimate",
    "Evaluation",
    "Finding",
    "Question",
    "evaluate",
    "known",
]


USUAL_ESTIMATORS = ("dr", "snips", "ips")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the log.

    `policies` are NAME or NAME@VERSION, all if there are none. `missing_reward` is the reward of a
    tip without a reaction, which is left out otherwise; with `unsettled`, decisions younger than a
    day count too, which is biased; with `supported_only`, only those that any policy could make.
    """

    policies: tuple[str, ...] = ()
    estimators: tuple[str, ...] = USUAL_ESTIMATORS
    by: By | None = None
    against: str | None = None
    since: datetime | None = None
    level: float = 0.95
    missing_reward: float | None = None
    unsettled: bool = False
    supported_only: bool = False


class Evaluation(NamedTuple):
    """What was found, and on what: `by_people` says that people, not decisions, are independent."""

    findings: list[Finding]
    decisions: int
    people: int
    without_reward: int
    unsettled: int
    by_people: bool


def known() -> tuple[str, ...]:
    """The names of all estimators."""
    return tuple(estimators())


async def evaluate(db: Database, question: Question, now: datetime) -> Evaluation:
    """Replay the policies on the log and estimate what each would have earned.

    Raises BadRequest for names that there are not, NothingLogged, and Unsupported.
    """
    chosen = [estimator(name) for name in question.estimators]
    against = [question.against] if question.against else []
    names = list(dict.fromkeys([*(question.policies or sorted(policies())), *against]))
    targets = [await _policy(db, name) for name in names]
    log = await read_log(
        db, now, question.since, question.missing_reward, unsettled=question.unsettled
    )
    tables = [await replay(db, target, log) for target in targets]
    replayed = Replayed(log, dict(zip(names, tables, strict=True)))
    return evaluation_of(
        replayed.supported() if question.supported_only else replayed,
        chosen,
        question.level,
        question.against,
        question.by,
    )


def evaluation_of(
    replayed: Replayed,
    chosen: Sequence[Estimator],
    level: float,
    against: str | None,
    by: By | None = None,
) -> Evaluation:
    """What the estimators find of policies that were replayed on a log, and on how much of it."""
    found = findings(chosen, replayed, level, by, against)
    log = replayed.log
    return Evaluation(
        found,
        len(log),
        len({*log.people.tolist()}),
        log.without_reward,
        log.unsettled,
        clusters_of(log) is not None,
    )


def estimator(name: str) -> Estimator:
    """The estimator of that name; raises BadRequest where there is none."""
    there_are = estimators()
    if name not in there_are:
        raise BadRequest(f"No estimator {name!r}; there are {', '.join(there_are)}.")
    return there_are[name]


async def _policy(db: Database, name: str) -> Policy:
    async with db.read() as connection:
        return await policy_lookup.named(connection, name)
