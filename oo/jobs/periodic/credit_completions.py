"""Credits the tips whose task was finished at its source: a delayed reward."""

from datetime import datetime
from functools import partial

from oo.domain.ports import LogsOutcomes
from oo.jobs.contract import Job
from oo.jobs.outbox_worker import Errands, handle_each
from oo.kit.clock import Clock
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message, Outcome


async def run(db: Database, clock: Clock, outcomes: LogsOutcomes) -> int:
    """Credit what the outbox tells of; a message that was handled twice credits once."""
    errands = Errands(outbox.TASK_COMPLETED, partial(_credit, outcomes))
    return await handle_each(db, clock, errands)


async def _credit(outcomes: LogsOutcomes, message: Message) -> Outcome:
    payload = message.payload
    completed_at = datetime.fromisoformat(payload["at"])
    await outcomes.done_elsewhere(message.user_id, payload["task_id"], completed_at)
    return Outcome.DONE


JOB = Job("done-elsewhere", 5.0, run)
