"""Publishes events to NATS JetStream, where that is configured."""

from oo.domain.ports import MirrorsEvents
from oo.jobs.contract import Job


async def run(mirror: MirrorsEvents) -> int:
    """How many events were published."""
    return await mirror.mirror()


JOB = Job("mirror-events", 1.0, run)
