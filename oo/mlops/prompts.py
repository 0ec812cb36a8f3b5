"""The roles of prompts (E6): every change is one audited row, which the generator follows."""

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import yaml
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.promotion import prompts as gate
from ml.promotion.gate_report import Report
from ml.prompts.prompt import FOLDER, Prompt, parse, versions
from oo.domain.prompts import (
    CHALLENGER,
    IN_FORCE,
    OFF,
    PROPOSED,
    REFUSED,
    ROLLED_BACK,
    PromptRoles,
    is_given,
)
from oo.domain.rewards import Action
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.mlops.logged_decisions import NothingLogged, read_log
from oo.mlops.roles import Order
from oo.store import prompts as store
from oo.store.database import Database
from oo.store.prompts import PromptChange, PromptText

ALIAS_OWN = "the alias's own"


class Standing(NamedTuple):
    """One version: its family and content hash, its role if it has one, and the share it gets."""

    version: str
    family: str
    content_hash: str
    role: str | None
    share: float


async def standings(connection: AsyncConnection) -> list[Standing]:
    """Every version that there is: files, and what searches have proposed."""
    roles = await store.roles(connection)
    kept = {one.version: one.body for one in await store.texts(connection)}
    bodies = {version: _file(version) for version in versions()} | kept
    return [_standing(parse(body), roles) for _, body in sorted(bodies.items())]


async def body_of(connection: AsyncConnection, version: str) -> str:
    """The file of a version: what was kept of it, else what is in the folder. Raises NotFound."""
    kept = await store.find_text(connection, version)
    if kept:
        return kept.body
    if version not in versions():
        raise NotFound(f"There is no prompt {version!r}: oo prompt list.")
    return _file(version)


async def challenge(db: Database, version: str, share: float, order: Order) -> None:
    """Let a share of people get this version. Raises NotFound, BadRequest, or Conflict if it is in
    force or only proposed."""
    if not 0 < share < 1:
        raise BadRequest("A share is above 0 and below 1: the others are what it is held against.")
    async with db.write() as connection:
        roles = await store.to_change(connection)
        if version in roles.proposed:
            raise Conflict(f"{version} is only proposed: oo prompt approve {version} --reason …")
        await _challenge(connection, roles, version, share, order)


async def approve(db: Database, version: str, share: float, order: Order) -> None:
    """Make a proposed version the challenger. Raises BadRequest if it is not proposed."""
    if not 0 < share < 1:
        raise BadRequest("A share is above 0 and below 1: the others are what it is held against.")
    async with db.write() as connection:
        roles = await store.to_change(connection)
        if version not in roles.proposed:
            known = ", ".join(roles.proposed) or "none"
            raise BadRequest(f"{version} is not proposed (proposed: {known}).")
        await _challenge(connection, roles, version, share, order)


async def propose(db: Database, body: str, report: dict[str, Any], order: Order) -> str:
    """Keep a version that a search has found; it serves nobody. Raises BadRequest, Conflict."""
    try:
        prompt = parse(body)
    except (ValidationError, yaml.YAMLError) as error:
        raise BadRequest(f"That is no prompt: {error}") from error
    async with db.write() as connection:
        await store.to_change(connection)
        if prompt.version in versions() or await store.find_text(connection, prompt.version):
            raise Conflict(f"There is a prompt {prompt.version!r} already.")
        await _keep(connection, prompt, body, order.at)
        await store.record(connection, _change(prompt.version, PROPOSED, order, report=report))
    return prompt.version


async def withdraw(db: Database, order: Order) -> str:
    """Take the challenger back. Raises Conflict if there is none."""
    async with db.write() as connection:
        roles = await store.to_change(connection)
        if roles.challenger is None:
            raise Conflict("No prompt is a challenger.")
        await store.record(connection, _change(roles.challenger.version, OFF, order))
    return roles.challenger.version


async def examine(db: Database, now: datetime) -> tuple[Report, int]:
    """What the gate says of the challenger, and the number of the change that it saw.

    People count for the arm that they were drawn into, whatever they got. Raises Conflict if there
    is no challenger.
    """
    async with db.read() as connection:
        roles, history = await store.roles(connection), await store.history(connection)
    if roles.challenger is None:
        raise Conflict("No prompt is a challenger: oo prompt challenge NAME --share .1")
    version, share = roles.challenger
    # a changed share begins anew: those who came later were served by the other before
    since = [c.created_at for c in history if (c.version, c.role) == (version, CHALLENGER)][-1]
    arms: tuple[dict[str, list[float]], ...] = ({}, {})
    dismissed: tuple[list[bool], ...] = ([], [])
    count = unsettled = 0
    try:
        log = await read_log(db, now, since)
        count, unsettled = len(log), log.unsettled
        for decision, reward in zip(log.decisions, log.rewards, strict=True):
            arm = 0 if is_given(decision.user_id, version, share) else 1
            arms[arm].setdefault(decision.user_id, []).append(float(reward))
            dismissed[arm].append(decision.action == Action.DISMISS)
    except NothingLogged as nothing:
        unsettled = nothing.unsettled
    given, others = (
        np.array([np.mean(rewards) for rewards in arm.values()], np.float64) for arm in arms
    )
    shares = tuple(float(np.mean(one)) if one else 0.0 for one in dismissed)
    report = gate.examine(
        version,
        roles.in_force or ALIAS_OWN,
        given,
        others,
        (shares[0], shares[1]),
        unsettled,
        decisions=count,
    )
    return report, roles.latest


async def decide(db: Database, report: Report, latest: int, order: Order) -> None:
    """Put the challenger in force for everybody if the gate passed it; else record the refusal.

    Raises Conflict when prompts changed since the gate looked.
    """
    async with db.write() as connection:
        roles = await store.to_change(connection)
        if report.passed and roles.latest != latest:
            raise Conflict("Somebody changed the prompts meanwhile: look at them and try again.")
        role = IN_FORCE if report.passed else REFUSED
        change = _change(report.challenger, role, order, report=report.to_dict())
        await store.record(connection, change)


async def rollback(db: Database, order: Order) -> str:
    """Back to what was in force before; what that is. Raises Conflict if nothing was promoted."""
    async with db.write() as connection:
        roles = await store.to_change(connection)
        if roles.in_force is None:
            raise Conflict("Nothing was promoted: the alias's own prompt is in force.")
        await store.record(connection, _change(roles.in_force, ROLLED_BACK, order))
        now = (await store.roles(connection)).in_force
    return now or ALIAS_OWN


async def _challenge(
    connection: AsyncConnection, roles: PromptRoles, version: str, share: float, order: Order
) -> None:
    if version == roles.in_force:
        raise Conflict(f"{version} is in force already.")
    body = await body_of(connection, version)
    if await store.find_text(connection, version) is None:
        await _keep(connection, parse(body), body, order.at)
    await store.record(connection, _change(version, CHALLENGER, order, share))


async def _keep(connection: AsyncConnection, prompt: Prompt, body: str, at: datetime) -> None:
    kept = PromptText(prompt.version, prompt.name, prompt.content_hash, body, at)
    await store.keep_text(connection, kept)


def _change(
    version: str,
    role: str,
    order: Order,
    share: float = 0.0,
    report: dict[str, Any] | None = None,
) -> PromptChange:
    return PromptChange(version, role, share, order.actor, order.reason, report or {}, order.at)


def _standing(prompt: Prompt, roles: PromptRoles) -> Standing:
    role, share = None, 0.0
    if prompt.version == roles.in_force:
        role = IN_FORCE
    elif roles.challenger and prompt.version == roles.challenger.version:
        role, share = CHALLENGER, roles.challenger.share
    elif prompt.version in roles.proposed:
        role = PROPOSED
    return Standing(prompt.version, prompt.name, prompt.content_hash, role, share)


def _file(version: str) -> str:
    return (FOLDER / f"{version}.yaml").read_text("utf-8")
