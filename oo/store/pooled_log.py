"""What people who agreed to pooling have taught: the log as a fit of the population sees it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import POOLING
from oo.store.consents import agreed
from oo.store.tables import feedback, users


class Learnt(NamedTuple):
    """A tip's final reward, with its features and when it was first learnt."""

    features: dict[str, float]
    reward: float
    learned_at: datetime


async def pooled(connection: AsyncConnection) -> dict[str, list[Learnt]]:
    """Of everybody who agreed to pooling and is not deleted, what was learnt, oldest first."""
    f = feedback.c
    query = (
        select(f.user_id, f.tip_id, f.features, f.reward, f.learned_at)
        .select_from(feedback.join(users, users.c.id == f.user_id))
        .where(users.c.id.in_(agreed(POOLING)), users.c.deleted_at.is_(None), f.late.is_(False))
        .order_by(f.user_id, f.user_seq)
    )
    found: dict[str, dict[str, Learnt]] = {}
    async for row in await connection.stream(query):
        # a later row of the same tip revises the reward of an earlier one
        found.setdefault(row.user_id, {})[row.tip_id] = Learnt(
            row.features, row.reward, row.learned_at
        )
    return {user_id: list(tips.values()) for user_id, tips in found.items()}
