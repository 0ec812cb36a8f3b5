"""Closes tasks at their source after a *done*; the outbox remembers until that has worked."""

import logging
from datetime import date, datetime

from oo.domain.signals import Broken, Reconnect, Retry
from oo.jobs.contract import Job, JobServices
from oo.kit.errors import NotFound
from oo.store import outbox
from oo.store.outbox import Message

log = logging.getLogger(__name__)

BATCH = 50


async def run(services: JobServices) -> int:
    """Close what the outbox asks for; what must be tried again stays in it."""
    handled, last = 0, 0
    paused: set[str] = set()
    while waiting := await _waiting(services, last):
        last = waiting[-1].id
        for message in waiting:
            if message.user_id in paused:
                continue
            try:
                await _close(services, message)
            except Retry as error:
                log.info("a task is closed later: %s", error.detail)
                paused.add(message.user_id)
            except Exception:  # whatever is wrong with one message, the others go on
                log.exception("message %d cannot be handled; it stays in the outbox", message.id)
            else:
                handled += 1
    return handled


async def _waiting(services: JobServices, after: int) -> list[Message]:
    async with services.db.read() as connection:
        return await outbox.waiting(connection, outbox.COMPLETE_TASK, BATCH, after)


async def _close(services: JobServices, message: Message) -> None:
    payload = message.payload
    due, due_at = payload.get("due"), payload.get("due_at")
    try:
        await services.integrations.complete(
            message.user_id,
            payload["task_id"],
            due=date.fromisoformat(due) if due else None,
            due_at=datetime.fromisoformat(due_at) if due_at else None,
        )
    except (Reconnect, Broken, NotFound) as error:
        log.warning("a task cannot be closed at its source: %s", error.detail)
    async with services.db.write() as connection:
        await outbox.mark_relayed(connection, [message.id], services.clock.now())


JOB = Job("complete-tasks", 1.0, run)
