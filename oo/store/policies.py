"""Which policy is in force, which are shadows, since when, by whom and why; and parameters.

Changes are made one transaction after the other: so their numbers grow in the order in which they
become visible, and whoever compares only the newest one misses none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.policies import PolicyRef
from oo.store import audit
from oo.store.audit import Entry
from oo.store.database import Hot
from oo.store.tables import policy_changes, policy_parameters

IN_FORCE = "in_force"
DEMOTED = "demoted"  # gives way to what was in force before it
SHADOW = "shadow"
OFF = "off"
REFUSED = "refused"  # the gate said no: kept for the audit, changes nothing


class Roles(NamedTuple):
    """What the policies are as of the change numbered `latest` (0: there was none yet)."""

    latest: int
    in_force: PolicyRef | None
    shadows: tuple[PolicyRef, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One audited change: `report` is what the gate found."""

    policy: PolicyRef
    role: str
    actor: str
    reason: str
    report: dict[str, Any]
    created_at: datetime


class Parameters(NamedTuple):
    """Fitted parameters of a policy and the report of their fit."""

    policy: PolicyRef
    data: bytes
    report: dict[str, Any]
    created_at: datetime


# every shard looks once a second
_LATEST = select(func.max(policy_changes.c.id).label("id")).where(policy_changes.c.role != REFUSED)


async def latest(connection: Hot) -> int:
    """The number of the newest change that changed something."""
    return int((await connection.execute(_LATEST)).one().id or 0)


async def to_change(connection: AsyncConnection) -> Roles:
    """The roles, which nobody else changes before this writing transaction ends."""
    await _take_turn(connection)
    return await roles(connection)


async def roles(connection: AsyncConnection) -> Roles:
    """The fold of all changes: the last one put in force and not demoted since, and every shadow
    that was not turned off or promoted since."""
    number, in_force = 0, list[PolicyRef]()
    shadows: dict[str, PolicyRef] = {}
    changing = select(policy_changes).where(policy_changes.c.role != REFUSED)
    for row in await connection.execute(changing.order_by(policy_changes.c.id)):
        number = row.id
        if row.role == DEMOTED:
            del in_force[-1:]
            continue
        shadows.pop(row.policy, None)
        if row.role == IN_FORCE:
            in_force.append(PolicyRef(row.policy, row.version))
        elif row.role == SHADOW:
            shadows[row.policy] = PolicyRef(row.policy, row.version)
    return Roles(number, in_force[-1] if in_force else None, tuple(shadows.values()))


async def history(connection: AsyncConnection) -> list[Change]:
    """Every change, the oldest first."""
    query = select(policy_changes).order_by(policy_changes.c.id)
    return [
        Change(
            PolicyRef(row.policy, row.version),
            row.role,
            row.actor,
            row.reason,
            row.report,
            row.created_at,
        )
        for row in await connection.execute(query)
    ]


async def record(connection: AsyncConnection, change: Change) -> None:
    """Append a change; what it depends on must have been read with :func:`to_change`."""
    before = await to_change(connection)
    await connection.execute(
        insert(policy_changes).values(
            policy=change.policy.name,
            version=change.policy.version,
            role=change.role,
            actor=change.actor,
            reason=change.reason,
            report=change.report,
            created_at=change.created_at,
        )
    )
    # a person or a machine in the console is named as such; a name alone is an operator's
    actor = change.actor if ":" in change.actor else f"operator:{change.actor}"
    now = await roles(connection)
    facts = {"in_force": str(now.in_force) if now.in_force else None}
    entry = Entry(
        actor,
        f"policy.{change.role}",
        f"policy:{change.policy}",
        change.created_at,
        change.reason,
        {"in_force": str(before.in_force) if before.in_force else None},
        facts,
    )
    await audit.append(connection, entry)


async def _take_turn(connection: AsyncConnection) -> None:
    """Let no other transaction change roles before this one ends; reading goes on."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        await connection.execute(text("LOCK TABLE policy_changes IN EXCLUSIVE MODE"))


async def keep_parameters(connection: AsyncConnection, fitted: Parameters) -> None:
    """Keep fitted parameters under the version that they give their policy."""
    await connection.execute(
        insert(policy_parameters).values(
            policy=fitted.policy.name,
            version=fitted.policy.version,
            data=fitted.data,
            report=fitted.report,
            created_at=fitted.created_at,
        )
    )


async def parameters(connection: AsyncConnection, policy: PolicyRef) -> Parameters | None:
    """The parameters of one version of a policy; None where it has none."""
    p = policy_parameters.c
    query = select(policy_parameters).where(p.policy == policy.name, p.version == policy.version)
    row = (await connection.execute(query)).first()
    return Parameters(policy, row.data, row.report, row.created_at) if row else None


async def versions(connection: AsyncConnection, name: str) -> list[Parameters]:
    """All fitted parameters of a policy, the newest first."""
    p = policy_parameters.c
    query = (
        select(policy_parameters).where(p.policy == name).order_by(p.created_at.desc(), p.version)
    )
    return [
        Parameters(PolicyRef(row.policy, row.version), row.data, row.report, row.created_at)
        for row in await connection.execute(query)
    ]
