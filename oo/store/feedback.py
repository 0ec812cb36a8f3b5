"""The log of reactions: append-only, numbered per person, each reaction once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.reactions import Reaction
from oo.store import outbox
from oo.store.database import Hot
from oo.store.tables import UtcDateTime, candidates, feedback, tasks, users

KEYS_PER_QUERY = 400  # two bound values each; SQLite allows a limited number of them


# built once: every reaction runs them
_KNOWN = (
    select(feedback)
    .where(
        feedback.c.user_id.in_(bindparam("people", expanding=True)),
        or_(
            feedback.c.idempotency_key.in_(bindparam("keys", expanding=True)),
            feedback.c.tip_id.in_(bindparam("tips", expanding=True)),
        ),
    )
    .order_by(feedback.c.user_id, feedback.c.user_seq)
)
_APPEND = insert(feedback)
_ADVANCE = (
    update(users)
    .where(users.c.id == bindparam("person"))
    .values(
        user_seq=bindparam("seq"),
        pool_version=users.c.pool_version + 1,
        changed_at=func.coalesce(users.c.changed_at, bindparam("at", type_=UtcDateTime)),
    )
)
_CANDIDATE = update(candidates).where(
    candidates.c.user_id == bindparam("person"),
    candidates.c.id == bindparam("candidate"),
    candidates.c.retired_at.is_(None),
)
_TASK = update(tasks).where(
    tasks.c.user_id == bindparam("person"),
    tasks.c.id == bindparam("task"),
    tasks.c.completed_at.is_(None),
)
_END_CANDIDATE = _CANDIDATE.values(retired_at=bindparam("now"))
_HOLD_CANDIDATE = _CANDIDATE.values(not_before=bindparam("until"))
_END_TASK = _TASK.values(completed_at=bindparam("now"))
_HOLD_TASK = _TASK.values(not_before=bindparam("until"))
_OPEN = select(tasks.c.user_id, tasks.c.id, tasks.c.due, tasks.c.due_at).where(
    tuple_(tasks.c.user_id, tasks.c.id).in_(bindparam("keys", expanding=True)),
    tasks.c.completed_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a reaction does: the candidate and its task end (no `hold_until`) or rest until then."""

    user_id: str
    candidate_id: str
    task_id: str | None
    hold_until: datetime | None


async def known(
    connection: Hot,
    user_ids: Collection[str],
    keys: Collection[str],
    tip_ids: Collection[str],
) -> list[Reaction]:
    """Reactions of these people that already use one of the keys or tips, the oldest first."""
    asked = {"people": list(user_ids), "keys": list(keys), "tips": list(tip_ids)}
    rows = (await connection.execute(_KNOWN, asked)).mappings()
    return [Reaction(**row) for row in rows]


async def append(connection: Hot, reactions: Sequence[Reaction]) -> None:
    """Log reactions, announce each in the outbox and advance the people's numbers."""
    rows = [
        {name: getattr(reaction, name) for name in Reaction.__dataclass_fields__}
        for reaction in reactions
    ]
    await connection.execute(_APPEND, rows)
    await outbox.put(
        connection,
        [
            {
                "user_id": reaction.user_id,
                "subject": outbox.TIP_FEEDBACK,
                "payload": {
                    "user_seq": reaction.user_seq,
                    "tip_id": reaction.tip_id,
                    "action": reaction.action,
                    "dwell_ms": reaction.dwell_ms,
                    "reward": reaction.reward,
                    "replaces": reaction.replaces,
                    "revision": reaction.revision,
                    "late": reaction.late,
                },
                "created_at": reaction.created_at,
            }
            for reaction in reactions
        ],
    )
    newest = {reaction.user_id: reaction for reaction in reactions}
    await connection.execute(
        _ADVANCE,
        [
            {"person": user_id, "seq": reaction.user_seq, "at": reaction.created_at}
            for user_id, reaction in newest.items()
        ],
    )


async def apply_effects(connection: Hot, effects: Sequence[Effect], now: datetime) -> None:
    """End or hold back the candidates and tasks that the reactions speak of.

    What has ended stays so: a later snooze of an old tip brings nothing back. A task that ends
    is to be closed at its source too: an errand for the outbox.
    """
    ended: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    for effect in effects:
        row = {
            "person": effect.user_id,
            "candidate": effect.candidate_id,
            "task": effect.task_id,
            "until": effect.hold_until,
            "now": now,
        }
        (held if effect.hold_until else ended).append(row)
    ended_tasks = [row for row in ended if row["task"] is not None]
    held_tasks = [row for row in held if row["task"] is not None]
    if ended_tasks:
        await _ask_to_close(connection, ended_tasks, now)
    for statement, rows in (
        (_END_CANDIDATE, ended),
        (_HOLD_CANDIDATE, held),
        (_END_TASK, ended_tasks),
        (_HOLD_TASK, held_tasks),
    ):
        if rows:
            await connection.execute(statement, rows)


async def _ask_to_close(connection: Hot, ended: Sequence[dict[str, Any]], now: datetime) -> None:
    """Put an errand in the outbox for each of these tasks that is still open."""
    keys = [(row["person"], row["task"]) for row in ended]
    errands = [
        {
            "user_id": row.user_id,
            "subject": outbox.COMPLETE_TASK,
            "payload": outbox.close_task(row.id, row.due, row.due_at),
            "created_at": now,
        }
        for row in await connection.execute(_OPEN, {"keys": keys})
    ]
    await outbox.put(connection, errands)


async def between(
    connection: AsyncConnection, spans: Mapping[str, tuple[int, int]]
) -> dict[str, list[Reaction]]:
    """Each person's reactions numbered above the first and up to the second number, in order.

    Numbers have no gaps, so every row is asked for by its primary key.
    """
    f = feedback.c
    keys = [
        (user_id, seq)
        for user_id, (above, up_to) in spans.items()
        for seq in range(above + 1, up_to + 1)
    ]
    found: dict[str, list[Reaction]] = {user_id: [] for user_id in spans}
    for start in range(0, len(keys), KEYS_PER_QUERY):
        query = (
            select(feedback)
            .where(tuple_(f.user_id, f.user_seq).in_(keys[start : start + KEYS_PER_QUERY]))
            .order_by(f.user_id, f.user_seq)
        )
        for row in (await connection.execute(query)).mappings():
            found[row["user_id"]].append(Reaction(**row))
    return found
