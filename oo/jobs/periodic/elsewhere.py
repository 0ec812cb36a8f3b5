"""Credits the tips whose task was finished at its source: a delayed reward."""

from datetime import datetime
from functools import partial

from oo.jobs.contract import Job, JobServices
from oo.jobs.errands import handle_each
from oo.recommend.outcomes import Outcomes
from oo.store import outbox
from oo.store.outbox import Message


async def run(services: JobServices) -> int:
    """Credit what the outbox tells of; a message that was handled twice credits once."""
    outcomes = Outcomes(services.db, services.clock)
    return await handle_each(services, outbox.TASK_COMPLETED, partial(_credit, outcomes))


async def _credit(outcomes: Outcomes, message: Message) -> None:
    payload = message.payload
    completed_at = datetime.fromisoformat(payload["at"])
    await outcomes.done_elsewhere(message.user_id, payload["task_id"], completed_at)


JOB = Job("done-elsewhere", 5.0, run)
