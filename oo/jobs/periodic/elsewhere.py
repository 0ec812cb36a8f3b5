"""Credits the tips whose task was finished at its source: a delayed reward."""

import logging
from datetime import datetime

from oo.jobs.contract import Job, JobServices
from oo.recommend.outcomes import Outcomes
from oo.store import outbox
from oo.store.outbox import Message

log = logging.getLogger(__name__)

BATCH = 100


async def run(services: JobServices) -> int:
    """Credit what the outbox tells of; a message that was handled twice credits once."""
    outcomes = Outcomes(services.db, services.clock)
    handled, last = 0, 0
    while waiting := await _waiting(services, last):
        last = waiting[-1].id
        for message in waiting:
            try:
                await _credit(services, outcomes, message)
            except Exception:  # whatever is wrong with one message, the others go on
                log.exception("message %d cannot be handled; it stays in the outbox", message.id)
            else:
                handled += 1
    return handled


async def _waiting(services: JobServices, after: int) -> list[Message]:
    async with services.db.read() as connection:
        return await outbox.waiting(connection, outbox.TASK_COMPLETED, BATCH, after)


async def _credit(services: JobServices, outcomes: Outcomes, message: Message) -> None:
    payload = message.payload
    completed_at = datetime.fromisoformat(payload["at"])
    await outcomes.done_elsewhere(message.user_id, payload["task_id"], completed_at)
    async with services.db.write() as connection:
        await outbox.mark_relayed(connection, [message.id], services.clock.now())


JOB = Job("done-elsewhere", 5.0, run)
