"""Who is active: conditions of statements on people's rows, shared by all that look after pools."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import feedback, sessions, tasks, users


def is_active(now: datetime, since: datetime) -> ColumnElement[bool]:
    """Whether the person has a live session that was begun since then, or has reacted since."""
    s, f = sessions.c, feedback.c
    signed_in = select(s.token_hash).where(
        s.user_id == users.c.id, s.expires_at > now, s.created_at >= since
    )
    reacted = select(f.tip_id).where(f.user_id == users.c.id, f.created_at >= since)
    return or_(signed_in.correlate(users).exists(), reacted.correlate(users).exists())


def has_something_to_do(now: datetime) -> ColumnElement[bool]:
    """Whether the person has an open task that does not rest."""
    t = tasks.c
    available = select(t.id).where(
        t.user_id == users.c.id,
        t.completed_at.is_(None),
        or_(t.not_before.is_(None), t.not_before <= now),
    )
    return available.correlate(users).exists()


async def count(connection: AsyncConnection, now: datetime, since: datetime) -> int:
    """How many people are active."""
    query = select(func.count()).where(users.c.deleted_at.is_(None), is_active(now, since))
    return int((await connection.execute(query)).scalar_one())
