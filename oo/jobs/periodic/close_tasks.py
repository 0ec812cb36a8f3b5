"""Closes tasks at their source after a *done*; the outbox remembers until that has worked."""

import logging
from datetime import date, datetime
from functools import partial

from oo.domain.ports import ClosesTasks
from oo.domain.signals import Broken, Reconnect
from oo.jobs.contract import Job
from oo.jobs.outbox_worker import handle_each
from oo.kit.clock import Clock
from oo.kit.errors import NotFound
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message

log = logging.getLogger(__name__)


async def run(db: Database, clock: Clock, tasks: ClosesTasks) -> int:
    """Close what the outbox asks for; what must be tried again stays in it."""
    return await handle_each(db, clock, outbox.COMPLETE_TASK, partial(_close, tasks))


async def _close(tasks: ClosesTasks, message: Message) -> None:
    payload = message.payload
    due, due_at = payload.get("due"), payload.get("due_at")
    try:
        await tasks.complete(
            message.user_id,
            payload["task_id"],
            due=date.fromisoformat(due) if due else None,
            due_at=datetime.fromisoformat(due_at) if due_at else None,
        )
    except (Reconnect, Broken, NotFound) as error:
        log.warning("a task cannot be closed at its source: %s", error.detail)


JOB = Job("complete-tasks", 1.0, run)
