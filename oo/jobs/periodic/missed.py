"""Gives tips that were seen, and not reacted to within a day, their default reward."""

from oo.jobs.contract import Job, JobServices
from oo.recommend.outcomes import Outcomes


async def run(services: JobServices) -> int:
    """Settle what is due, a batch at a time."""
    outcomes = Outcomes(services.db, services.clock)
    total = 0
    while settled := await outcomes.settle_missed():
        total += settled
    return total


JOB = Job("missed", 300.0, run)
