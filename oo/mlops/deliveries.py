"""The log of deliveries, made again bit for bit, and evaluated for policies that did not decide."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from ml.delivery.policies import delivery_policies
from ml.ope.decision_log import DecisionLog, features_of, replay_person
from ml.ope.feedback import Floats, pad
from ml.ope.findings import Replayed
from oo.domain.decisions import LoggedDecision
from oo.domain.delivery_log import DeliveryDecision
from oo.domain.fold import design, fold, posterior_on
from oo.domain.interruptions import ARMS, SILENCE
from oo.domain.policies import Policy, PolicyRef, pick
from oo.domain.statistics import Statistics, day_of
from oo.kit.errors import BadRequest
from oo.mlops.delivery_policies import find_policy
from oo.mlops.evaluation import USUAL_ESTIMATORS, Evaluation, estimator, evaluation_of
from oo.mlops.logged_decisions import NothingLogged
from oo.store import delivery_log, delivery_rewards
from oo.store.database import Database

__all__ = ["DeliveryQuestion", "Report", "check", "evaluate", "known"]


class Report(NamedTuple):
    """What was made again, and what came out different, in words."""

    models: int
    decisions: int
    different: list[str]


def known() -> tuple[str, ...]:
    """The names of all delivery policies."""
    return tuple(delivery_policies())


async def check(db: Database) -> Report:
    """Fold each stored state again and draw each logged decision again; all bit for bit."""
    different: list[str] = []
    models = decisions = 0
    policies: dict[PolicyRef, Policy] = {}
    by_key = {one.state_key: one for one in delivery_policies().values()}
    async with db.read() as log, db.read() as connection:
        async for model in delivery_rewards.every_state(log):
            models += 1
            policy = by_key.get(model.policy)
            if policy is None:
                different.append(f"{model.user_id} {model.policy}: no such policy")
                continue
            outcomes = await delivery_rewards.between(
                connection, model.user_id, 0, model.applied_seq
            )
            state = fold(policy, Statistics.empty(policy.dimension), outcomes).encode()
            if state != model.state or len(outcomes) != model.applied_seq:
                different.append(f"{model.user_id} {model.policy} at {model.applied_seq}")
        async for decision, _, _ in delivery_log.every(log):
            decisions += 1
            ref = PolicyRef(decision.policy, decision.policy_version)
            try:
                if ref not in policies:
                    policies[ref] = await find_policy(db, ref)
                outcomes = await delivery_rewards.between(
                    connection, decision.user_id, 0, decision.state_seq
                )
                if len(outcomes) != decision.state_seq:
                    raise ValueError(f"the log does not reach {decision.state_seq}")
                if not _comes_out(policies[ref], decision, outcomes):
                    different.append(f"{decision.id} of {ref}")
            except ValueError as error:
                different.append(f"{decision.id} of {ref}: {error}")
    return Report(models, decisions, different)


def _comes_out(policy: Policy, decision: DeliveryDecision, outcomes: Sequence) -> bool:  # type: ignore[type-arg]
    statistics = fold(policy, Statistics.empty(policy.dimension), outcomes)
    posterior = posterior_on(policy, statistics, day_of(decision.created_at))
    made = pick(policy, posterior, design(policy, decision.features), decision.seed)
    return (made.chosen, made.propensities.tolist(), made.scores.tolist()) == (
        decision.chosen,
        decision.propensities,
        decision.scores,
    )


@dataclass(frozen=True, slots=True)
class DeliveryQuestion:
    """What is asked of the log: `policies` are NAME or NAME:FIELD=VALUE, all if there are none."""

    policies: tuple[str, ...] = ()
    estimators: tuple[str, ...] = USUAL_ESTIMATORS
    against: str | None = None
    since: datetime | None = None
    level: float = 0.95
    supported_only: bool = False


async def evaluate(db: Database, question: DeliveryQuestion) -> Evaluation:
    """What each policy would have earned per decision, silence earning nothing.

    A push whose outcome is not known yet is left out. Raises BadRequest for names that there are
    not, NothingLogged, and Unsupported.
    """
    chosen = [estimator(name) for name in question.estimators]
    against = [question.against] if question.against else []
    names = list(dict.fromkeys([*(question.policies or known()), *against]))
    targets = {name: variant(name) for name in names}
    log = await _read(db, question.since)
    tables = {name: await _replayed(db, policy, log) for name, policy in targets.items()}
    replayed = Replayed(log, tables)
    return evaluation_of(
        replayed.supported() if question.supported_only else replayed,
        chosen,
        question.level,
        question.against,
    )


def variant(named: str) -> Policy:
    """``threshold`` or ``threshold:least=0.6,epsilon=0.05``. Raises BadRequest."""
    name, _, fields = named.partition(":")
    base = delivery_policies().get(name)
    if base is None:
        raise BadRequest(f"No delivery policy {name!r}; there are {', '.join(known())}.")
    try:
        values = {key: float(value) for key, value in (it.split("=") for it in _parts(fields))}
        return replace(base, **values) if values else base  # type: ignore[type-var]  # all are dataclasses
    except (TypeError, ValueError) as error:
        raise BadRequest(f"{named}: {error}.") from error


def _parts(fields: str) -> list[str]:
    return [part for part in fields.split(",") if part]


async def _read(db: Database, since: datetime | None) -> DecisionLog:
    async with db.read() as connection:
        every = [one async for one in delivery_log.every(connection, since)]
    kept, rewards, unsettled = [], [], 0
    for decision, zone, joined in every:
        if decision.chosen != SILENCE and decision.reward is None:
            unsettled += decision.unsent is None
            continue
        kept.append(_logged(decision, zone, joined))
        rewards.append(decision.reward or 0.0)
    if not kept:
        raise NothingLogged(len(every), unsettled)
    return DecisionLog(
        kept,
        np.array(rewards, np.float64),
        pad([one.propensities for one in kept]),
        features_of(kept),
        len(every) - len(kept) - unsettled,
        unsettled,
    )


def _logged(decision: DeliveryDecision, zone: str, joined: datetime) -> LoggedDecision:
    return LoggedDecision(
        id=decision.id,
        user_id=decision.user_id,
        created_at=decision.created_at,
        timezone=zone,
        joined_at=joined,
        kind=decision.moment,
        model="",
        prompt_version="",
        candidate_ids=list(ARMS),
        chosen=decision.chosen,
        policy=decision.policy,
        policy_version=decision.policy_version,
        seed=decision.seed,
        state_seq=decision.state_seq,
        propensities=decision.propensities,
        features=decision.features,
        degraded=None,
        reward=decision.reward,
        action=decision.outcome,
        reacted_at=None,
        seen_at=decision.created_at,
    )


async def _replayed(db: Database, policy: Policy, log: DecisionLog) -> Floats:
    table = np.zeros_like(log.logging)
    by_person: dict[str, list[int]] = {}
    for row, decision in enumerate(log.decisions):
        by_person.setdefault(decision.user_id, []).append(row)
    async with db.read() as connection:
        for person, rows in by_person.items():
            own = [log.decisions[row] for row in rows]
            most = max(one.state_seq for one in own)
            outcomes = await delivery_rewards.between(connection, person, 0, most)
            for row, chances in zip(rows, replay_person(policy, own, outcomes), strict=True):
                table[row] = chances
    return table
