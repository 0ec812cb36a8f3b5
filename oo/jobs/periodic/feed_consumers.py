"""Gives each consumer of events what it has not had."""

from oo.domain.ports import FeedsConsumers
from oo.jobs.contract import Job


async def run(bus: FeedsConsumers) -> int:
    """How many events were taken."""
    return await bus.feed()


JOB = Job("feed-consumers", 1.0, run)
