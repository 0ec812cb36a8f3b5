"""The roles of policies (F5): every change is one audited row, which running shards follow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from ml.policies import policies as every_policy
from ml.promotion.gate_report import Report
from oo.domain.policies import PolicyRef, ref_of
from oo.kit.errors import BadRequest, Conflict
from oo.mlops import policy_lookup
from oo.mlops.promotion import Contest, in_force
from oo.store import policies as store
from oo.store.database import Database
from oo.store.policies import DEMOTED, IN_FORCE, OFF, REFUSED, SHADOW, Change, Roles


@dataclass(frozen=True, slots=True)
class Order:
    """Who changes something, why, and when."""

    actor: str
    reason: str
    at: datetime

    def change(self, policy: PolicyRef, role: str, report: dict[str, Any] | None = None) -> Change:
        """The row that is recorded."""
        return Change(policy, role, self.actor, self.reason, report or {}, self.at)


class Standing(NamedTuple):
    """One version of a policy, its role and the change that gave it; neither if it has none."""

    policy: PolicyRef
    role: str | None
    change: Change | None


class Demoted(NamedTuple):
    """What was taken out of force, and what is in force now."""

    policy: PolicyRef
    now: PolicyRef


async def shadow(db: Database, name: str, order: Order) -> PolicyRef:
    """Let NAME or NAME@VERSION say of each decision what it would have picked.

    Raises BadRequest if there is no such policy, Conflict if it is in force.
    """
    async with db.write() as connection:
        return await shadow_in(connection, name, order)


async def shadow_in(connection: AsyncConnection, name: str, order: Order) -> PolicyRef:
    """As `shadow`, in the caller's transaction."""
    roles = await store.to_change(connection)
    policy = ref_of(await policy_lookup.named(connection, name))
    if policy == in_force(roles):
        raise Conflict(f"{policy} is in force: its decisions are logged as they are.")
    await store.record(connection, order.change(policy, SHADOW))
    return policy


async def off(db: Database, name: str, order: Order) -> PolicyRef:
    """Turn a shadow off. Raises BadRequest if it is none."""
    async with db.write() as connection:
        return await off_in(connection, name, order)


async def off_in(connection: AsyncConnection, name: str, order: Order) -> PolicyRef:
    """As `off`, in the caller's transaction."""
    plain = name.partition("@")[0]
    roles = await store.to_change(connection)
    policy = next((one for one in roles.shadows if name in {one.name, str(one)}), None)
    if policy is None:
        known = ", ".join(map(str, roles.shadows)) or "none"
        demote = " To take it out of force: oo policy demote."
        hint = demote if plain == in_force(roles).name else ""
        raise BadRequest(f"{name} is not a shadow (shadows: {known}).{hint}")
    await store.record(connection, order.change(policy, OFF))
    return policy


async def decide(db: Database, contest: Contest, report: Report, order: Order) -> None:
    """Put the challenger in force if the gate passed it; else record only that it was refused.

    Raises Conflict when policies changed since the gate looked.
    """
    policy = ref_of(contest.challenger)
    async with db.write() as connection:
        roles = await store.to_change(connection)
        if report.passed and roles.latest != contest.latest:
            raise Conflict("Somebody changed the policies meanwhile: look at them and try again.")
        role = IN_FORCE if report.passed else REFUSED
        found = report.to_dict() | {"since": contest.since and contest.since.isoformat()}
        await store.record(connection, order.change(policy, role, found))


async def demote(db: Database, order: Order) -> Demoted:
    """Back to what was in force before, or the default. Raises Conflict if it is the default."""
    async with db.write() as connection:
        return await demote_in(connection, order)


async def demote_in(connection: AsyncConnection, order: Order) -> Demoted:
    """As `demote`, in the caller's transaction."""
    roles = await store.to_change(connection)
    if roles.in_force is None:
        raise Conflict(f"{in_force(roles)} is in force, the default: nothing was promoted.")
    await store.record(connection, order.change(roles.in_force, DEMOTED))
    return Demoted(roles.in_force, in_force(await store.roles(connection)))


async def standings(connection: AsyncConnection) -> list[Standing]:
    """Every policy and every fitted version: what is in force, the shadows, then all others."""
    roles, history = await store.roles(connection), await store.history(connection)
    known = [ref_of(policy) for policy in every_policy().values()]
    known += [
        one.policy for ref in list(known) for one in await store.versions(connection, ref.name)
    ]
    first = [in_force(roles), *roles.shadows]
    return [_standing(ref, roles, history) for ref in dict.fromkeys([*first, *sorted(known)])]


def _standing(ref: PolicyRef, roles: Roles, history: list[Change]) -> Standing:
    if ref == in_force(roles):
        turns = [one for one in history if one.role in {IN_FORCE, DEMOTED}]
        return Standing(ref, IN_FORCE, turns[-1] if turns else None)
    if ref in roles.shadows:
        since = [one for one in history if one.policy == ref and one.role == SHADOW][-1]
        return Standing(ref, SHADOW, since)
    return Standing(ref, None, None)
