"""Each person's learnt state per policy, written by compare-and-set on `applied_seq`."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import users as users_rows
from oo.store.database import Hot
from oo.store.policies import REFUSED
from oo.store.tables import feedback, policy_changes, user_models, users
from oo.store.upsert import Insert, insert_of


@dataclass(frozen=True, slots=True)
class StoredModel:
    """The encoded state after the person's first `applied_seq` reactions."""

    user_id: str
    policy: str
    state: bytes
    applied_seq: int


async def load(
    connection: AsyncConnection, user_ids: Collection[str], policy: str
) -> dict[str, StoredModel]:
    """The stored models of these people under one policy, by person."""
    m = user_models.c
    query = select(m.user_id, m.policy, m.state, m.applied_seq).where(
        m.user_id.in_(user_ids), m.policy == policy
    )
    return {row.user_id: StoredModel(*row) for row in await connection.execute(query)}


async def save(connection: Hot, models: Sequence[StoredModel], now: datetime) -> None:
    """Write states, each only if it has folded more reactions than the stored one.

    This compare-and-set is the fence: a state is a fold of the log, so of two holders the one with
    the higher `applied_seq` is right and a stale one changes nothing. States of people who were
    erased meanwhile are dropped.
    """
    there = await users_rows.heads_kept(connection, {model.user_id for model in models})
    here = [model for model in models if model.user_id in there]
    await save_into(connection, user_models, here, now)


async def save_into(
    connection: Hot, table: Table, models: Sequence[StoredModel], now: datetime
) -> None:
    """As :func:`save`, into a table of states with the columns of `user_models`.

    Of people who are there, as `users.heads_kept` has told.
    """
    if not models:
        return
    await connection.execute(
        _saving(connection.dialect.name, table),
        [
            {
                "user_id": model.user_id,
                "policy": model.policy,
                "state": model.state,
                "applied_seq": model.applied_seq,
                "updated_at": now,
            }
            for model in sorted(models, key=lambda model: (model.user_id, model.policy))
        ],
    )


@cache
def _saving(dialect: str, table: Table) -> Insert:
    statement = insert_of(dialect, table)
    fresh = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["user_id", "policy"],
        set_={
            "state": fresh.state,
            "applied_seq": fresh.applied_seq,
            "updated_at": fresh.updated_at,
        },
        where=table.c.applied_seq < fresh.applied_seq,
    )


async def behind(connection: AsyncConnection, policy: str, limit: int) -> dict[str, int]:
    """People whose stored model under `policy` lacks reactions, with their newest number."""
    m = user_models.c
    joined = users.outerjoin(user_models, and_(m.user_id == users.c.id, m.policy == policy))
    query = (
        select(users.c.id, users.c.user_seq)
        .select_from(joined)
        .where(users.c.deleted_at.is_(None), users.c.user_seq > func.coalesce(m.applied_seq, 0))
        .order_by(users.c.id)
        .limit(limit)
    )
    return {row.id: row.user_seq for row in await connection.execute(query)}


async def behind_since(
    connection: AsyncConnection, policy: str, user_ids: Collection[str]
) -> datetime | None:
    """When the oldest reaction was made that the stored models of these people lack.

    A policy that came into force later owes it since then. Each reaction is found by its key.
    """
    if not user_ids:
        return None
    m, f, changes = user_models.c, feedback.c, policy_changes.c
    first = func.min(f.created_at, type_=f.created_at.type)
    query = (
        select(first)
        .select_from(users)
        .outerjoin(user_models, and_(m.user_id == users.c.id, m.policy == policy))
        .join(
            feedback,
            and_(
                f.user_id == users.c.id,
                f.user_seq == func.coalesce(m.applied_seq, 0) + 1,
            ),
        )
        .where(users.c.id.in_(user_ids))
    )
    made: datetime | None = (await connection.execute(query)).scalar_one()
    changed = select(func.max(changes.created_at, type_=changes.created_at.type))
    in_force: datetime | None = (
        await connection.execute(changed.where(changes.role != REFUSED))
    ).scalar_one()
    return max(made, in_force) if made and in_force else made


async def every(connection: AsyncConnection) -> AsyncIterator[StoredModel]:
    """All stored models, for the operator's check against the log."""
    m = user_models.c
    query = select(m.user_id, m.policy, m.state, m.applied_seq).order_by(m.user_id, m.policy)
    async for row in await connection.stream(query):
        yield StoredModel(*row)
