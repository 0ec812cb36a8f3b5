"""The outbox: events and errands committed together with what caused them."""

import base64
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import PURGE_ROWS
from oo.store.tables import outbox

TIP_FEEDBACK = "signals.tip.feedback"
TASK_COMPLETED = "signals.task.completed"
COMPLETE_TASK = "commands.task.complete"
REVOKE_GRANT = "commands.grant.revoke"
REVOKE_WITHIN = timedelta(days=7)  # what a provider gave has mostly run out by then


class Told(NamedTuple):
    """What a message said of a task, and when it was written and handled."""

    subject: str
    payload: dict[str, Any]
    created_at: datetime
    relayed_at: datetime | None


class Message(NamedTuple):
    """Something to be told or done, in the order of `id`."""

    id: int
    user_id: str
    payload: dict[str, Any]


def close_task(task_id: str, due: date | None, due_at: datetime | None) -> dict[str, Any]:
    """The payload of COMPLETE_TASK; the due date says which turn of a recurring task is meant."""
    return {
        "task_id": task_id,
        "due": due.isoformat() if due else None,
        "due_at": due_at.isoformat() if due_at else None,
    }


def revoke_grant(source: str, secret: bytes, now: datetime) -> dict[str, Any]:
    """The payload of REVOKE_GRANT; `secret` is the grant as the vault sealed it."""
    return {
        "source": source,
        "secret": base64.b64encode(secret).decode(),
        "tries": 0,
        "next_at": now.isoformat(),
        "until": (now + REVOKE_WITHIN).isoformat(),
    }


async def put(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Add messages: `user_id`, `subject`, `payload`, `created_at` each."""
    if rows:
        await connection.execute(insert(outbox), list(rows))


async def waiting(
    connection: AsyncConnection, subject: str, limit: int, after: int = 0
) -> list[Message]:
    """The oldest messages of a subject behind `after` that nobody has handled yet."""
    o = outbox.c
    query = (
        select(o.id, o.user_id, o.payload)
        .where(o.relayed_at.is_(None), o.subject == subject, o.id > after)
        .order_by(o.id)
        .limit(limit)
    )
    return [Message(*row) for row in await connection.execute(query)]


async def about_tasks(connection: AsyncConnection, user_id: str, since: datetime) -> list[Told]:
    """The person's messages about finished tasks, here or elsewhere, not handled before `since`."""
    o = outbox.c
    query = select(o.subject, o.payload, o.created_at, o.relayed_at).where(
        o.user_id == user_id,
        o.subject.in_((TASK_COMPLETED, COMPLETE_TASK)),
        or_(o.relayed_at.is_(None), o.relayed_at >= since),
    )
    return [Told(*row) for row in await connection.execute(query)]


async def mark_relayed(connection: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """These messages have been handled."""
    await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(relayed_at=now))


async def change(connection: AsyncConnection, message_id: int, payload: dict[str, Any]) -> None:
    """Replace what a message says."""
    await connection.execute(
        update(outbox).where(outbox.c.id == message_id).values(payload=payload)
    )


async def forget(connection: AsyncConnection, message_id: int) -> None:
    """Erase a message whose payload is not to be kept."""
    await connection.execute(delete(outbox).where(outbox.c.id == message_id))


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete messages older than `before`, but no errand that is still to be done; how many."""
    o = outbox.c
    gone = await connection.execute(
        delete(outbox).where(
            o.id.in_(
                select(o.id)
                .where(
                    o.created_at < before,
                    or_(o.relayed_at.is_not(None), o.subject == TIP_FEEDBACK),
                )
                .limit(PURGE_ROWS)
            )
        )
    )
    return gone.rowcount


async def withdraw(
    connection: AsyncConnection, user_id: str, task_ids: Collection[str], told_at: datetime
) -> None:
    """Take back that the person finished these tasks, told then, as far as nobody has read it."""
    o = outbox.c
    query = select(o.id, o.payload).where(
        o.user_id == user_id,
        o.subject == TASK_COMPLETED,
        o.created_at == told_at,
        o.relayed_at.is_(None),
    )
    ids = [row.id for row in await connection.execute(query) if row.payload["task_id"] in task_ids]
    await connection.execute(delete(outbox).where(o.user_id == user_id, o.id.in_(ids)))
