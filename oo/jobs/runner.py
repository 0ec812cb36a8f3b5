"""Runs every job on its own beat; a job that fails is logged and tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from oo.jobs.contract import Job
from oo.kit import tracing
from oo.kit.provide import Provided
from oo.kit.scope import Scope

log = logging.getLogger(__name__)


async def run_forever(jobs: Iterable[Job], provided: Provided) -> None:
    """Run all jobs until cancelled.

    Raises ConfigurationError, before any has run, for one that needs what there is not.
    """
    ready = [(job, provided.to(job.run)) for job in jobs]
    async with asyncio.TaskGroup() as group:
        for job, run in ready:
            group.create_task(_repeat(job, run), name=job.name)


async def _repeat(job: Job, run: Callable[[], Awaitable[int]]) -> None:
    failures = 0
    while True:
        with Scope(job.name):
            try:
                await _run(job, run)
                failures = 0
            except Exception:
                failures += 1
                log.exception("%s failed (%d in a row)", job.name, failures)
        await asyncio.sleep(job.every_s * min(2**failures, 8))


async def _run(job: Job, run: Callable[[], Awaitable[int]]) -> None:
    with tracing.begun_run(job.name) as span:
        done = await run()
        span.set(tracing.DONE, done)
        if done:
            log.info("%s: %d", job.name, done)
