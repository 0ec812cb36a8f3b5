"""What was asked and said for candidates, of people who agreed to pooling, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import POOLING
from oo.store.consents import agreed, is_given
from oo.store.database import Hot
from oo.store.sealing import sealed_rows, words_of
from oo.store.tables import feedback, tip_scores, users, writings

PURGE_ROWS = 500


class Writing(NamedTuple):
    """How a candidate came to be: the messages, the place of its task in them, the answer."""

    candidate_id: str
    messages: list[dict[str, str]]
    task_index: int | None
    spoken: str


class Judged(NamedTuple):
    """A writing that was served, with the final reward that it earned, and when it was shown."""

    user_id: str
    messages: list[dict[str, str]]
    task_index: int | None
    spoken: str
    kind: str
    model: str
    prompt_version: str
    timezone: str
    shown_at: datetime
    reward: float


_INSERT = insert(writings)
_IS_THERE = select(users.c.id).where(
    users.c.id == bindparam("person"), users.c.deleted_at.is_(None)
)


async def keep(connection: Hot, user_id: str, made: Sequence[Writing], now: datetime) -> None:
    """Keep writings of a person; nothing of one who has not agreed to pooling."""
    if not made or not await is_given(connection, user_id, POOLING):
        return
    if (await connection.execute(_IS_THERE, {"person": user_id})).first() is None:
        return
    rows = [{**one._asdict(), "user_id": user_id, "created_at": now} for one in made]
    await connection.execute(_INSERT, await sealed_rows(connection, writings, rows))


async def forget(connection: AsyncConnection, user_id: str) -> None:
    """Erase all of a person: a prompt shows the whole list, so it may speak of whatever goes."""
    await connection.execute(delete(writings).where(writings.c.user_id == user_id))


async def judged(connection: AsyncConnection) -> list[Judged]:
    """What was served to everybody who agrees to pooling and is not deleted, oldest first.

    A decision whose words were erased is none any more.
    """
    f, t, w, u = feedback.c, tip_scores.c, writings.c, users.c
    query = (
        select(
            t.candidate_ids,
            t.chosen,
            t.id,
            t.user_id,
            t.kind,
            t.model,
            t.prompt_version,
            t.created_at,
            u.timezone,
            f.reward,
        )
        .select_from(feedback.join(tip_scores, t.id == f.tip_id).join(users, u.id == t.user_id))
        .where(
            u.id.in_(agreed(POOLING)),
            u.deleted_at.is_(None),
            f.late.is_(False),
            t.source == "llm",
            or_(t.content != "", t.sealed.is_not(None)),
        )
        .order_by(t.user_id, f.user_seq)
    )
    # a later row of the same tip revises the reward of an earlier one
    served = {row.id: row for row in await connection.execute(query)}
    kept = select(writings).where(w.user_id.in_(agreed(POOLING)))
    rows = (await connection.execute(kept)).mappings().all()
    words = await words_of(connection, {row["user_id"] for row in rows})
    known = {row["candidate_id"]: words.opened(writings, row) for row in rows}
    return [
        Judged(
            row.user_id,
            known[id_]["messages"],
            known[id_]["task_index"],
            known[id_]["spoken"],
            row.kind,
            row.model,
            row.prompt_version,
            row.timezone,
            row.created_at,
            row.reward,
        )
        for row in served.values()
        if (id_ := row.candidate_ids[row.chosen]) in known
    ]


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Delete writings from before `before`; returns how many."""
    w = writings.c
    old = select(w.candidate_id).where(w.created_at < before).limit(PURGE_ROWS)
    result = await connection.execute(delete(writings).where(w.candidate_id.in_(old)))
    return result.rowcount
