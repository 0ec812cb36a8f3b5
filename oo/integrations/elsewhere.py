"""Tasks that a person finishes at their source: the tips about them were taken, only later."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Access, OAuthSource
from oo.domain.tasks import Task
from oo.store import outbox
from oo.store.tasks import StoredTask

LOOK_BACK = timedelta(days=7)


def perhaps_finished(stored: Mapping[str, StoredTask], told: Sequence[Task]) -> frozenset[str]:
    """Ids of tasks open here that are gone at the source, or have moved on to their next turn."""
    now_told = {task.id: task for task in told}
    return frozenset(
        task_id
        for task_id, row in stored.items()
        if row.completed_at is None and _has_moved_on(row.task, now_told.get(task_id))
    )


def _has_moved_on(before: Task, after: Task | None) -> bool:
    return after is None or (
        before.recurring and (before.due, before.due_at) != (after.due, after.due_at)
    )


async def ask(
    source: OAuthSource, access: Access, doubtful: Collection[str], now: datetime
) -> frozenset[str]:
    """Which of the doubtful tasks the person finished; the source is asked only if there are any.

    Raises as the source does: until it has answered, nothing of this sync may be kept.
    """
    if not doubtful:
        return frozenset()
    return await source.finished(access, now - LOOK_BACK) & frozenset(doubtful)


async def announce(
    connection: AsyncConnection, user_id: str, task_ids: Collection[str], now: datetime
) -> None:
    """Tell in the outbox that the person finished these tasks elsewhere."""
    await outbox.put(
        connection,
        [
            {
                "user_id": user_id,
                "subject": outbox.TASK_COMPLETED,
                "payload": {"task_id": task_id, "at": now.isoformat()},
                "created_at": now,
            }
            for task_id in sorted(task_ids)
        ],
    )
