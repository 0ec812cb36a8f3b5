"""Tasks that a person finishes at their source: the tips about them were taken, only later."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Access, Completes
from oo.domain.tasks import Task
from oo.store import outbox
from oo.store.outbox import Told
from oo.store.tasks import StoredTask

LOOK_BACK = timedelta(days=7)
SKEW = timedelta(minutes=1)  # how far a source's clock may be from ours


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
    source: Completes,
    access: Access,
    doubtful: Collection[str],
    synced_at: datetime | None,
    now: datetime,
) -> dict[str, datetime]:
    """When the person finished which of the doubtful tasks; the source is asked only for some.

    What was finished before the tasks were last read, at `synced_at`, did not change them since.
    Raises as the source does: until it has answered, nothing of this sync may be kept.
    """
    if not doubtful:
        return {}
    since = max(now - LOOK_BACK, (synced_at or now - LOOK_BACK) - SKEW)
    finished = await source.finished(access, since)
    return {task_id: at for task_id, at in finished.items() if task_id in doubtful and at >= since}


async def news(
    connection: AsyncConnection, user_id: str, finished: Mapping[str, datetime], now: datetime
) -> dict[str, datetime]:
    """Those of the finished tasks that were not told of before and were not ticked off here."""
    if not finished:
        return {}
    messages = await outbox.about_tasks(connection, user_id, min(finished.values()) - SKEW)
    return {
        task_id: at
        for task_id, at in finished.items()
        if not any(_tells_of(message, task_id, at, now) for message in messages)
    }


def _tells_of(message: Told, task_id: str, at: datetime, now: datetime) -> bool:
    if message.payload.get("task_id") != task_id:
        return False
    if message.subject == outbox.TASK_COMPLETED:
        return message.payload.get("at") == _written(at)
    # ticked off here: the source hears of it at some time until the errand is done
    return message.created_at - SKEW <= at <= (message.relayed_at or now) + SKEW


async def announce(
    connection: AsyncConnection, user_id: str, finished: Mapping[str, datetime], now: datetime
) -> None:
    """Tell in the outbox that the person finished these tasks elsewhere, and when."""
    await outbox.put(
        connection,
        [
            {
                "user_id": user_id,
                "subject": outbox.TASK_COMPLETED,
                "payload": {"task_id": task_id, "at": _written(at)},
                "created_at": now,
            }
            for task_id, at in sorted(finished.items())
        ],
    )


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
