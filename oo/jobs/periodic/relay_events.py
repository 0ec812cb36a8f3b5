"""Tells in the log of events what has been committed since."""

from oo.domain.ports import RelaysEvents
from oo.jobs.contract import Job


async def run(relay: RelaysEvents) -> int:
    """How many events were told."""
    return await relay.relay()


JOB = Job("relay-events", 1.0, run)
