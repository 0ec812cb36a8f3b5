"""Promotion (F5): a challenger's evidence out of the store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from ml.ope.decision_log import DecisionLog
from ml.ope.feedback import Booleans, Floats
from ml.promotion import gate
from ml.promotion.evidence import Evidence
from ml.promotion.gate_report import Check, Report
from ml.promotion.trial import TRIAL, Trial, simulated
from oo.domain.decisions import LoggedDecision, Online
from oo.domain.policies import Policy, PolicyRef, ref_of
from oo.domain.rewards import Action
from oo.kit.errors import Conflict
from oo.mlops import policy_lookup
from oo.mlops.logged_decisions import NothingLogged, read_log, replay
from oo.mlops.policy_lookup import DEFAULT_POLICY
from oo.store import opinions, policies
from oo.store.database import Database
from oo.store.policies import Roles

# what the command line and the console work with; they do not see `ml`
__all__ = [
    "TRIAL",
    "Check",
    "Contest",
    "Report",
    "Trial",
    "examine",
    "gather",
    "in_force",
    "prepare",
]

SAME = 1e-9  # shadow and replay are the same arithmetic, but perhaps not on the same machine


class Contest(NamedTuple):
    """A challenger and the policy in force as of the change numbered `latest`, and the evidence:
    decisions from `since` on, all if that is None; `unsettled` ones are too young to count."""

    challenger: Policy
    incumbent: Policy
    latest: int
    since: datetime | None
    evidence: Evidence
    unsettled: int


class Gathered(NamedTuple):
    """The evidence, and how many decisions are too young to be part of it."""

    evidence: Evidence
    unsettled: int


async def prepare(db: Database, name: str, now: datetime, since: datetime | None = None) -> Contest:
    """What the gate needs to know of NAME or NAME@VERSION.

    A name alone means the version that is in shadow, if one is. Decisions from before its
    parameters were fitted do not count: it may have learnt from them. Raises BadRequest for a
    policy that there is not, and Conflict for the one that is in force.
    """
    async with db.read() as connection:
        roles = await policies.roles(connection)
        challenger = await policy_lookup.named(connection, _version_of(name, roles))
        incumbent = await policy_lookup.choose(connection, None, roles)
        fitted = await policies.parameters(connection, ref_of(challenger))
    if ref_of(challenger) == ref_of(incumbent):
        raise Conflict(f"{ref_of(challenger)} is in force already.")
    if fitted:
        since = max(since or fitted.created_at, fitted.created_at)
    gathered = await gather(db, challenger, incumbent, now, since)
    return Contest(challenger, incumbent, roles.latest, since, *gathered)


def in_force(roles: Roles) -> PolicyRef:
    """What the store says is in force, the default if nothing was promoted."""
    return roles.in_force or ref_of(policy_lookup.by_name(DEFAULT_POLICY))


def examine(contest: Contest, trial: Trial, on_day: Callable[[], None]) -> Report:
    """What the gate says; `on_day` is called after each simulated day of each policy."""
    names = str(ref_of(contest.challenger)), str(ref_of(contest.incumbent))
    return gate.examine(
        *names,
        contest.evidence,
        lambda: simulated(contest.challenger, contest.incumbent, trial, on_day),
        unsettled=contest.unsettled,
    )


async def gather(
    db: Database,
    challenger: Policy,
    incumbent: Policy,
    now: datetime,
    since: datetime | None = None,
) -> Gathered:
    """Both policies on the settled decisions in time order; what the challenger said online goes
    before its replay."""
    try:
        log = await read_log(db, now, since)
    except NothingLogged as nothing:  # the gate says so, with everything else that is missing
        return Gathered(Evidence.nothing(), nothing.unsettled)
    order = np.array(sorted(range(len(log)), key=lambda row: _moment(log.decisions[row])))
    table, incumbents = await replay(db, challenger, log), await replay(db, incumbent, log)
    async with db.read() as connection:
        online = await opinions.of_policy(connection, ref_of(challenger), since)
    said = [online.get(one.id) or _own(one, ref_of(challenger)) for one in log.decisions]
    shadowed = np.array([one is not None for one in said])
    disagrees = np.zeros(len(log), bool)
    if shadowed.any():
        logged = _padded([one for one in said if one], log.logging.shape[1])
        disagrees[shadowed] = await _disagreements(db, challenger, log, said, logged)
        table[shadowed] = np.where(disagrees[shadowed, None], table[shadowed], logged)
    evidence = Evidence(
        log.people[order],
        log.features[order],
        log.actions[order],
        log.rewards[order],
        np.array([one.action == Action.DISMISS for one in log.decisions])[order],
        log.logging[order],
        table[order],
        incumbents[order],
        shadowed[order],
        disagrees[order],
    )
    return Gathered(evidence, log.unsettled)


async def _disagreements(
    db: Database,
    challenger: Policy,
    log: DecisionLog,
    said: list[Online | None],
    logged: Floats,
) -> Booleans:
    """Where the propensities that were logged online (m, K) differ from the replay of the same
    state, of the m decisions that have some."""
    shadowed = log.take(np.array([one is not None for one in said]))
    states = [one.state_seq for one in said if one]
    decisions = [
        replace(decision, state_seq=state)
        for decision, state in zip(shadowed.decisions, states, strict=True)
    ]
    replayed = await replay(db, challenger, replace(shadowed, decisions=decisions))
    found: Booleans = np.asarray((abs(replayed - logged) > SAME).any(axis=1))
    return found


def _own(decision: LoggedDecision, challenger: PolicyRef) -> Online | None:
    """What the challenger said where it decided itself, as one that was in force before."""
    made_by = PolicyRef(decision.policy, decision.policy_version)
    if made_by != challenger or decision.degraded:
        return None
    return Online(decision.state_seq, decision.propensities)


def _padded(said: list[Online], width: int) -> Floats:
    table = np.zeros((len(said), width))
    for row, one in zip(table, said, strict=True):
        row[: len(one.propensities)] = one.propensities[:width]
    return table


def _moment(decision: LoggedDecision) -> tuple[datetime, str]:
    return decision.created_at, decision.id


def _version_of(name: str, roles: Roles) -> str:
    return next((str(shadow) for shadow in roles.shadows if shadow.name == name), name)
