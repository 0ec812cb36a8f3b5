"""Credits the tips whose task was finished at its source: a delayed reward."""

from oo.jobs.contract import Job, JobServices
from oo.recommend.outcomes import Outcomes
from oo.store import outbox

BATCH = 100


async def run(services: JobServices) -> int:
    """Credit what the outbox tells of; a message that was handled twice credits once."""
    outcomes = Outcomes(services.db, services.clock)
    async with services.db.read() as connection:
        messages = await outbox.waiting(connection, outbox.TASK_COMPLETED, BATCH)
    for message in messages:
        await outcomes.done_elsewhere(message.user_id, [message.payload["task_id"]])
        async with services.db.write() as connection:
            await outbox.mark_relayed(connection, [message.id], services.clock.now())
    return len(messages)


JOB = Job("done-elsewhere", 5.0, run)
