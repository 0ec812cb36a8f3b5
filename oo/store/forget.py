"""Erasing what was said of a source: titles live on in what was made from them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import candidates, tip_scores

BLANK = ""  # what a decision says once its words are erased; its numbers stay
_BATCH = 200  # ids per statement: SQLite allows a limited number of bound values


async def what_was_said_of(connection: AsyncConnection, user_id: str, source: str) -> None:
    """Erase the person's candidates, and the words of their decisions, that may speak of `source`.

    What names a task speaks of that task; what names none may speak of the list as a whole. The
    numbers of a decision stay: learning, replay and evaluation are made of them.
    """
    c, t = candidates.c, tip_scores.c
    made = await connection.execute(select(c.id, c.task_id, c.claims).where(c.user_id == user_id))
    ids = [row.id for row in made if _may_speak_of(source, row.task_id, row.claims)]
    said = await connection.execute(
        select(t.id, t.task_id, t.candidate_ids, t.chosen).where(
            t.user_id == user_id, t.content != BLANK
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
            update(tip_scores).where(t.user_id == user_id, t.id.in_(batch)).values(content=BLANK)
        )


def _may_speak_of(source: str, task_id: str | None, claims: Sequence[Sequence[Any]]) -> bool:
    named = {task_id, *(claim[1] for claim in claims)} - {None}
    return not named or any(f"{name}".startswith(f"{source}:") for name in named)


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
