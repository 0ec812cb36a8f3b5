"""Asks for people whose moment has come whether their tip is worth an interruption."""

from oo.domain.speaking import DecidesDeliveries
from oo.jobs.contract import Job


async def run(deciding: DecidesDeliveries) -> int:
    """Decide for everybody who is due, and think of their next moment."""
    return await deciding.decide_due()


JOB = Job("decide-deliveries", 20.0, run)
