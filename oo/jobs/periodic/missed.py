"""Gives tips that were seen, and not reacted to within a day, their default reward."""

from oo.domain.ports import LogsOutcomes
from oo.jobs.contract import Job


async def run(outcomes: LogsOutcomes) -> int:
    """Settle what is due, a batch at a time."""
    total = 0
    while settled := await outcomes.settle_missed():
        total += settled
    return total


JOB = Job("missed", 300.0, run)
