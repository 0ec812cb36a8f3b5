"""How many active people have a good pool now, and how old pools are."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.activity import has_something_to_do, is_active
from oo.store.tables import candidates, users


class PoolAge(NamedTuple):
    """An active person's pool: whether it is good now, and when it was last written to."""

    is_good: bool
    written_at: datetime | None


async def of_active(
    connection: AsyncConnection, now: datetime, active_since: datetime
) -> Sequence[PoolAge]:
    """The pools of all active people who have something to do."""
    c, u = candidates.c, users.c
    newest = (
        select(func.max(c.created_at, type_=c.created_at.type))
        .where(c.user_id == u.id, c.retired_at.is_(None), c.expires_at > now)
        .correlate(users)
        .scalar_subquery()
    )
    query = select(u.filled_version, u.pool_version, u.good_until, newest.label("at")).where(
        u.deleted_at.is_(None), is_active(now, active_since), has_something_to_do(now)
    )
    return [
        PoolAge(
            row.filled_version == row.pool_version
            and row.good_until is not None
            and row.good_until > now,
            row.at,
        )
        for row in await connection.execute(query)
    ]
