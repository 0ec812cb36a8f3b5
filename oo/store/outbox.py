"""The outbox: events and errands committed together with what caused them."""

import base64
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import PURGE_ROWS, Hot
from oo.store.tables import UtcDateTime, outbox

TIP_SERVED = "signals.tip.served"
TIP_FEEDBACK = "signals.tip.feedback"
TIP_DELIVERED = "signals.tip.delivered"
TIP_OPENED = "signals.tip.opened"
TIP_EXPIRED = "signals.tip.expired"
TASK_SYNCED = "signals.task.synced"
TASK_COMPLETED = "signals.task.completed"
SOURCE_CONNECTED = "signals.source.connected"
SOURCE_DISCONNECTED = "signals.source.disconnected"
COMPLETE_TASK = "commands.task.complete"
REVOKE_GRANT = "commands.grant.revoke"
_EVER = datetime.max.replace(tzinfo=UTC)
HANDLED = (COMPLETE_TASK, REVOKE_GRANT, TASK_COMPLETED)  # what a job of its own works off


class Outcome(StrEnum):
    """How a message ended."""

    DONE = "done"
    SUPERSEDED = "superseded"  # there was nothing left to do
    GIVEN_UP = "given_up"


class Told(NamedTuple):
    """What a message said of a task, and when it was written and handled."""

    subject: str
    payload: dict[str, Any]
    created_at: datetime
    relayed_at: datetime | None


class Message(NamedTuple):
    """Something to be told or done, in the order of `id`; `attempts` have failed so far."""

    id: int
    user_id: str
    payload: dict[str, Any]
    created_at: datetime
    attempts: int


class Closing(NamedTuple):
    """An errand to close a task; `outcome` is None while it waits."""

    task_id: str
    attempts: int
    outcome: Outcome | None


def close_task(task_id: str, due: date | None, due_at: datetime | None) -> dict[str, Any]:
    """The payload of COMPLETE_TASK; the due date says which turn of a recurring task is meant."""
    return {
        "task_id": task_id,
        "due": due.isoformat() if due else None,
        "due_at": due_at.isoformat() if due_at else None,
    }


def revoke_grant(source: str, secret: bytes) -> dict[str, Any]:
    """The payload of REVOKE_GRANT; `secret` is the grant as the vault sealed it."""
    return {"source": source, "secret": base64.b64encode(secret).decode()}


_PUT = insert(outbox)  # built once: every reaction runs it


async def put(connection: Hot, rows: Sequence[dict[str, Any]]) -> None:
    """Add messages: `user_id`, `subject`, `payload`, `created_at` each."""
    if rows:
        await connection.execute(_PUT, list(rows))


async def tell(
    connection: Hot, user_id: str, subject: str, payload: dict[str, Any], now: datetime
) -> None:
    """Announce a fact in the transaction that makes it one: ids, numbers and references."""
    row = {"user_id": user_id, "subject": subject, "payload": payload, "created_at": now}
    await put(connection, [row])


_o = outbox.c
_WAITING = (
    select(_o.id, _o.user_id, _o.payload, _o.created_at, _o.attempts)
    .where(
        _o.relayed_at.is_(None),
        _o.subject == bindparam("subject"),
        _o.id > bindparam("after"),
        or_(_o.next_at.is_(None), _o.next_at <= bindparam("due", type_=UtcDateTime)),
    )
    .order_by(_o.id)
    .limit(bindparam("most"))
)


async def waiting(
    connection: Hot, subject: str, limit: int, after: int = 0, due: datetime = _EVER
) -> list[Message]:
    """The oldest messages of a subject behind `after` that have not ended; those `due` by then."""
    asked = {"subject": subject, "after": after, "due": due, "most": limit}
    return [Message(*row) for row in await connection.execute(_WAITING, asked)]


async def about_tasks(connection: AsyncConnection, user_id: str, since: datetime) -> list[Told]:
    """The person's messages about finished tasks, here or elsewhere, not handled before `since`."""
    o = outbox.c
    query = select(o.subject, o.payload, o.created_at, o.relayed_at).where(
        o.user_id == user_id,
        o.subject.in_((TASK_COMPLETED, COMPLETE_TASK)),
        or_(o.relayed_at.is_(None), o.relayed_at >= since),
    )
    return [Told(*row) for row in await connection.execute(query)]


async def closings(connection: AsyncConnection, user_id: str, since: datetime) -> list[Closing]:
    """The person's errands to close tasks that wait, or have ended since then, in order."""
    o = outbox.c
    query = (
        select(o.payload, o.attempts, o.outcome)
        .where(
            o.user_id == user_id,
            o.subject == COMPLETE_TASK,
            or_(o.relayed_at.is_(None), o.relayed_at >= since),
        )
        .order_by(o.id)
    )
    return [
        Closing(row.payload["task_id"], row.attempts, row.outcome and Outcome(row.outcome))
        for row in await connection.execute(query)
        if "task_id" in row.payload
    ]


async def end(
    connection: AsyncConnection,
    message_id: int,
    outcome: Outcome,
    now: datetime,
    error: str | None = None,
) -> None:
    """A message has come to its end; `error` says why it was given up."""
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == message_id)
        .values(relayed_at=now, outcome=outcome, error=error)
    )


async def postpone(
    connection: AsyncConnection, message_id: int, next_at: datetime, error: str
) -> None:
    """A message could not be handled, and is tried again at `next_at`."""
    o = outbox.c
    await connection.execute(
        update(outbox)
        .where(o.id == message_id, o.relayed_at.is_(None))
        .values(next_at=next_at, attempts=o.attempts + 1, error=error)
    )


async def hurry(connection: AsyncConnection, user_id: str, source: str) -> None:
    """The person's errands to close tasks of `source` are due at once, as if never tried."""
    o = outbox.c
    query = select(o.id, o.payload).where(
        o.user_id == user_id, o.subject == COMPLETE_TASK, o.relayed_at.is_(None)
    )
    ids = [
        row.id
        for row in await connection.execute(query)
        if row.payload.get("task_id", "").startswith(f"{source}:")
    ]
    await connection.execute(
        update(outbox).where(o.user_id == user_id, o.id.in_(ids)).values(next_at=None, attempts=0)
    )


async def forget(connection: AsyncConnection, message_id: int) -> None:
    """Erase a message whose payload is not to be kept."""
    await connection.execute(delete(outbox).where(outbox.c.id == message_id))


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete messages older than `before`, but no errand that is still to be done; how many.

    Nobody does anything about an event but tell it: those of them are never marked as handled.
    """
    o = outbox.c
    gone = await connection.execute(
        delete(outbox).where(
            o.id.in_(
                select(o.id)
                .where(
                    o.created_at < before,
                    or_(o.relayed_at.is_not(None), o.subject.not_in(HANDLED)),
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
