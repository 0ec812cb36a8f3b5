"""What came of pushes: the log that models of delivery are folds of, the states, the priors."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import POOLING
from oo.domain.interruptions import PushOutcome
from oo.domain.policies import FITTED, Experience
from oo.domain.reactions import Reaction
from oo.domain.statistics import day_of
from oo.store import consents
from oo.store import models as models_rows
from oo.store.database import Hot
from oo.store.models import StoredModel
from oo.store.tables import (
    delivery_decisions,
    delivery_models,
    delivery_priors,
    delivery_rewards,
)
from oo.store.upsert import insert_into

_o, _m = delivery_rewards.c, delivery_models.c


class Came(NamedTuple):
    """What came of a decision; `replaces` is the reward that was learnt of it before."""

    decision_id: str
    outcome: PushOutcome
    reward: float
    replaces: float | None
    features: dict[str, float]
    learned_at: datetime


async def append(
    connection: AsyncConnection, user_id: str, came: Sequence[Came], now: datetime
) -> None:
    """Add what came of the person's pushes; whoever calls has locked their row."""
    query = select(func.max(_o.seq)).where(_o.user_id == user_id)
    last = (await connection.execute(query)).scalar_one() or 0
    rows = [
        {"user_id": user_id, "seq": last + number, "created_at": now, **one._asdict()}
        for number, one in enumerate(came, 1)
    ]
    if rows:
        await connection.execute(insert(delivery_rewards), rows)


_NEWEST = (
    select(_o.user_id, func.max(_o.seq).label("seq"))
    .where(_o.user_id.in_(bindparam("people", expanding=True)))
    .group_by(_o.user_id)
)
_STATES = select(_m.user_id, _m.policy, _m.state, _m.applied_seq).where(
    _m.user_id.in_(bindparam("people", expanding=True)), _m.policy == bindparam("policy")
)


async def newest(connection: Hot, user_ids: Collection[str]) -> dict[str, int]:
    """The number of the last outcome of each of these people who has one."""
    rows = await connection.execute(_NEWEST, {"people": list(user_ids)})
    return {row.user_id: row.seq for row in rows}


async def between(
    connection: AsyncConnection, user_id: str, after: int, until: int
) -> list[Reaction]:
    """The person's outcomes behind number `after` up to `until`, as what a fold reads."""
    found = await of_people(connection, {user_id: after})
    return [one for one in found[user_id] if one.user_seq <= until]


_OF_PEOPLE = (
    select(delivery_rewards)
    .where(_o.user_id.in_(bindparam("people", expanding=True)), _o.seq > bindparam("least"))
    .order_by(_o.user_id, _o.seq)
)


async def of_people(connection: Hot, after: Mapping[str, int]) -> dict[str, list[Reaction]]:
    """The outcomes of these people, each behind their own number, as what folds read."""
    found: dict[str, list[Reaction]] = {user_id: [] for user_id in after}
    if not after:
        return found
    asked = {"people": list(after), "least": min(after.values())}
    for row in await connection.execute(_OF_PEOPLE, asked):
        if row.seq > after[row.user_id]:
            found[row.user_id].append(_reaction(row))
    return found


def _reaction(row: Any) -> Reaction:
    return Reaction(
        user_id=row.user_id,
        user_seq=row.seq,
        tip_id=row.decision_id,
        action=row.outcome,
        dwell_ms=0,
        reward=row.reward,
        late=False,
        features=row.features,
        idempotency_key="",
        created_at=row.created_at,
        learned_at=row.learned_at,
        replaces=row.replaces,
    )


async def states(connection: Hot, user_ids: Collection[str], policy: str) -> dict[str, StoredModel]:
    """The stored states of these people under one key."""
    rows = await connection.execute(_STATES, {"people": list(user_ids), "policy": policy})
    return {row.user_id: StoredModel(*row) for row in rows}


async def save_states(connection: Hot, models: Sequence[StoredModel], now: datetime) -> None:
    """Write states, each only if it has folded more outcomes than the stored one.

    Of people who are there, as `users.heads_kept` has told.
    """
    await models_rows.save_into(connection, delivery_models, models, now)


async def every_state(connection: AsyncConnection) -> AsyncIterator[StoredModel]:
    """All states, for the operator's check."""
    query = select(_m.user_id, _m.policy, _m.state, _m.applied_seq).order_by(_m.user_id)
    async for row in await connection.stream(query):
        yield StoredModel(*row)


async def was_charged(connection: AsyncConnection, user_id: str, since: datetime) -> bool:
    """Whether switching off has been charged to the person's pushes since then."""
    query = select(_o.seq).where(
        _o.user_id == user_id,
        _o.outcome == PushOutcome.SWITCHED_OFF,
        _o.created_at >= since,
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def forget(connection: AsyncConnection, user_id: str) -> None:
    """Erase what was learnt of when the person likes to be spoken to, and the log of it."""
    for table in (delivery_models, delivery_rewards, delivery_decisions):
        await connection.execute(delete(table).where(table.c.user_id == user_id))


async def pooled(
    connection: AsyncConnection, since: datetime, limit: int
) -> dict[str, list[Experience]]:
    """The outcomes since then, each with its last reward, of people who agreed to pooling."""
    query = (
        select(_o.user_id, _o.decision_id, _o.features, _o.reward, _o.learned_at)
        .where(_o.user_id.in_(consents.agreed(POOLING)), _o.learned_at >= since)
        .order_by(_o.user_id, _o.seq)
        .limit(limit)
    )
    last: dict[str, dict[str, Experience]] = {}
    async for row in await connection.stream(query):
        last.setdefault(row.user_id, {})[row.decision_id] = Experience(
            row.features, row.reward, day_of(row.learned_at)
        )
    return {user_id: list(found.values()) for user_id, found in last.items()}


class FittedPrior(NamedTuple):
    """A fitted prior as it is kept."""

    policy: str
    version: str
    parameters: bytes
    people: int
    fitted_at: datetime


async def add_prior(connection: AsyncConnection, fitted: FittedPrior) -> None:
    """Keep a fitted prior; one that is there already stays as it is."""
    statement = insert_into(connection, delivery_priors).values(**fitted._asdict())
    await connection.execute(statement.on_conflict_do_nothing())


async def find_prior(
    connection: AsyncConnection, policy: str, version: str | None = None
) -> FittedPrior | None:
    """The fitted prior of that version, or the newest one.

    Versions differ by what they make of a prior, too; `version` may be of another release than the
    one that fitted it.
    """
    p = delivery_priors.c
    query = select(delivery_priors).where(p.policy == policy).order_by(p.fitted_at.desc())
    if version is not None:
        digest = FITTED + version.partition(FITTED)[2]
        query = query.where(p.version.endswith(digest, autoescape=True))
    row = (await connection.execute(query.limit(1))).first()
    return FittedPrior(*row) if row else None
