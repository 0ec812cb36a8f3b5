"""How what a source tells now changes what is stored of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.tasks import Task
from oo.store import tasks, users
from oo.store.tasks import StoredTask

# a task finished here may still be open at the provider until the close has arrived there
CLOSING = timedelta(minutes=15)
KEEP_FINISHED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write: tasks that are new or differ, and ids that are gone."""

    put: tuple[Task, ...]
    gone: tuple[str, ...]


def compare(stored: Mapping[str, StoredTask], told: Sequence[Task], now: datetime) -> Changes:
    """The changes that bring `stored` to what a source told as *all* open tasks.

    A task finished here that the source still tells as open was reopened there, unless the
    close may not have arrived yet; a recurring one is open again once its due day has moved.
    """
    open_ids = {task.id for task in told}
    put = {task.id: task for task in told if _is_news(stored.get(task.id), task, now)}
    gone = tuple(
        task_id
        for task_id, row in stored.items()
        if task_id not in open_ids
        and (row.completed_at is None or row.completed_at <= now - KEEP_FINISHED)
    )
    return Changes(tuple(put.values()), gone)


def _is_news(row: StoredTask | None, task: Task, now: datetime) -> bool:
    if row is None:
        return True
    if row.completed_at is None:
        return row.task != task
    has_advanced = task.recurring and (task.due, task.due_at) != (row.task.due, row.task.due_at)
    return has_advanced or row.completed_at <= now - CLOSING


def news_of_upload(stored: Mapping[str, StoredTask], told: Sequence[Task]) -> list[Task]:
    """The tasks of a list that are new or differ; one finished here stays finished."""
    news = []
    for task in told:
        row = stored.get(task.id)
        if row is None or (row.completed_at is None and row.task != task):
            news.append(task)
    return news


async def apply(connection: AsyncConnection, user_id: str, changes: Changes) -> bool:
    """Write the changes and, if there are any, move the person's pool version."""
    if not changes.put and not changes.gone:
        return False
    await tasks.put(connection, user_id, changes.put)
    await tasks.remove(connection, user_id, changes.gone)
    await users.bump_pool(connection, user_id)
    return True
