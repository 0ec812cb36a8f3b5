"""Runs simulations and evaluations that the console was asked for, one at a time."""

from oo.domain.ports import RunsAsked
from oo.jobs.contract import Job


async def run(asked: RunsAsked) -> int:
    """How many were seen through: none, or one."""
    return await asked.run_next()


JOB = Job("run-asked", 2.0, run)
