"""Closes tasks at their source after a *done*: until that has worked, or for fourteen days."""

from datetime import date, datetime
from functools import partial

from oo.domain.ports import ClosesTasks
from oo.jobs.contract import Job
from oo.jobs.outbox_worker import Errands, handle_each
from oo.kit.clock import Clock
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message, Outcome


async def run(db: Database, clock: Clock, tasks: ClosesTasks) -> int:
    """Close what the outbox asks for; what must be tried again stays in it."""
    errands = Errands(outbox.COMPLETE_TASK, partial(_close, tasks), lane=_source_of_person)
    return await handle_each(db, clock, errands)


async def _close(tasks: ClosesTasks, message: Message) -> Outcome:
    payload = message.payload
    due, due_at = payload.get("due"), payload.get("due_at")
    is_closed = await tasks.complete(
        message.user_id,
        payload["task_id"],
        due=date.fromisoformat(due) if due else None,
        due_at=datetime.fromisoformat(due_at) if due_at else None,
    )
    return Outcome.DONE if is_closed else Outcome.SUPERSEDED


def _source_of_person(message: Message) -> str:
    source = message.payload.get("task_id", "").partition(":")[0]
    return f"{message.user_id} {source}"


JOB = Job("complete-tasks", 1.0, run)
