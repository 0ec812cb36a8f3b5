"""Runs every job on its own beat; a job that fails is logged and tried again."""

import asyncio
import logging
from collections.abc import Iterable

from oo.jobs.contract import Job, JobServices

log = logging.getLogger(__name__)


async def run_forever(jobs: Iterable[Job], services: JobServices) -> None:
    """Run all jobs until cancelled."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, services), name=job.name)


async def _repeat(job: Job, services: JobServices) -> None:
    failures = 0
    while True:
        try:
            done = await job.run(services)
            failures = 0
            if done:
                log.info("%s: %d", job.name, done)
        except Exception:
            failures += 1
            log.exception("%s failed (%d in a row)", job.name, failures)
        await asyncio.sleep(job.every_s * min(2**failures, 8))
