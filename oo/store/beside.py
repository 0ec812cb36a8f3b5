"""What is known of people beside their lists: their reactions, and the labels of their tasks."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, select

from oo.domain.lately import WINDOW_DAYS, Acted, Beside
from oo.domain.rewards import Action
from oo.store.database import Hot
from oo.store.sealing import words_of
from oo.store.tables import feedback, tasks, tip_scores

REACH = timedelta(days=WINDOW_DAYS + 2)  # whole days of a person's calendar, wherever they are

_ACTED = (
    select(feedback.c.user_id, feedback.c.created_at, feedback.c.action, tip_scores.c.kind)
    .join(
        tip_scores,
        and_(
            tip_scores.c.id == feedback.c.tip_id,
            tip_scores.c.user_id == feedback.c.user_id,
        ),
    )
    .where(
        feedback.c.user_id.in_(bindparam("people", expanding=True)),
        feedback.c.created_at >= bindparam("since"),
        feedback.c.action.in_(list(Action)),
    )
    .order_by(feedback.c.user_id, feedback.c.user_seq)
)
_LABELS = select(tasks.c.user_id, tasks.c.id, tasks.c.labels, tasks.c.sealed).where(
    tasks.c.user_id.in_(bindparam("people", expanding=True)),
    tasks.c.id.in_(bindparam("ids", expanding=True)),
    tasks.c.completed_at.is_(None),
)


async def load(
    connection: Hot, user_ids: Collection[str], now: datetime, task_ids: Collection[str]
) -> dict[str, Beside]:
    """What is known of each of these people, with the labels of those of their tasks.

    The calendar is among their signals.
    """
    acted: dict[str, list[Acted]] = {user_id: [] for user_id in user_ids}
    labels: dict[str, dict[str, str]] = {user_id: {} for user_id in user_ids}
    people = list(user_ids)
    for row in await connection.execute(_ACTED, {"people": people, "since": now - REACH}):
        acted[row.user_id].append(Acted(row.created_at, row.action, row.kind))
    words = await words_of(connection, user_ids)
    asked = {"people": people, "ids": list(task_ids)}
    for row in await connection.execute(_LABELS, asked) if task_ids else ():
        those = words.word(tasks, row, "labels")
        if those:
            labels[row.user_id][row.id] = those[0]
    return {user_id: Beside(acted[user_id], labels[user_id]) for user_id in user_ids}
