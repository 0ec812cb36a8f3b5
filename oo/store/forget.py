"""Erasing what was said of a source or a task: titles live on in what was made from them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import users, writings
from oo.store.sealing import opened_rows
from oo.store.tables import candidates, tip_scores

BLANK = ""  # what a decision says once its words are erased; its numbers stay
EVER = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 200  # ids per statement: SQLite allows a limited number of bound values


async def what_was_said_of(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Erase the person's candidates, and the words of their decisions, that may speak of `source`.

    What names a task speaks of that task; what names none may speak of the list as a whole. The
    numbers of a decision stay: learning, replay and evaluation are made of them.
    """
    await writings.forget(connection, user_id)
    c, t = candidates.c, tip_scores.c
    query = select(c.id, c.task_id, c.claims, c.sealed).where(c.user_id == user_id)
    made = (await connection.execute(query)).mappings()
    ids = [
        row["id"]
        for row in await opened_rows(connection, candidates, user_id, made)
        if _may_speak_of(source, row["task_id"], row["claims"])
    ]
    said = await connection.execute(
        select(t.id, t.task_id, t.candidate_ids, t.chosen).where(
            t.user_id == user_id, or_(t.content != BLANK, t.sealed.is_not(None))
        )
    )
    gone = set(ids)
    told = [
        row.id
        for row in said
        if row.candidate_ids[row.chosen] in gone or _may_speak_of(source, row.task_id, ())
    ]
    for batch in _batches(ids):
        await connection.execute(delete(candidates).where(c.user_id == user_id, c.id.in_(batch)))
    for batch in _batches(told):
        await connection.execute(
            update(tip_scores)
            .where(t.user_id == user_id, t.id.in_(batch))
            .values(content=BLANK, sealed=None, activity=None, language=None)
        )


async def what_was_said_of_tasks(
    connection: AsyncConnection,
    user_id: str,
    task_ids: Collection[str],
    since: datetime = EVER,
) -> None:
    """As `what_was_said_of`, for single tasks: what names one of them, made since then.

    A text that names no task quotes no title, so it stays. Call it last: decisions in flight are
    waited for, and those that come wait until the transaction ends.
    """
    if not task_ids:
        return
    await users.lock_alone(connection, user_id)
    await writings.forget(connection, user_id)
    c, t = candidates.c, tip_scores.c
    for batch in _batches(sorted(task_ids)):
        await connection.execute(
            delete(candidates).where(
                c.user_id == user_id, c.task_id.in_(batch), c.created_at >= since
            )
        )
        await connection.execute(
            update(tip_scores)
            .where(t.user_id == user_id, t.task_id.in_(batch), t.created_at >= since)
            .values(content=BLANK, sealed=None, activity=None, language=None)
        )


def _may_speak_of(source: str, task_id: str | None, claims: Sequence[Sequence[Any]]) -> bool:
    named = {task_id, *(claim[1] for claim in claims)} - {None}
    return not named or any(f"{name}".startswith(f"{source}:") for name in named)


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
