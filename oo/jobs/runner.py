"""Runs every job on its own beat; a job that fails is logged and tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from oo.jobs.contract import Job
from oo.kit import tracing
from oo.kit.clock import Clock
from oo.kit.metrics import JOB_DUE, JOB_RUNS
from oo.kit.provide import Provided
from oo.kit.scope import Scope

log = logging.getLogger(__name__)

MOST_PAUSES = 8  # that a job which fails waits for, where one that works waits for one
IS_LATE_S = 60.0  # a run may take so long itself


async def run_forever(jobs: Iterable[Job], provided: Provided, clock: Clock) -> None:
    """Run all jobs until cancelled.

    Raises ConfigurationError, before any has run, for one that needs what there is not.
    """
    ready = [(job, provided.to(job.run)) for job in jobs]
    async with asyncio.TaskGroup() as group:
        for job, run in ready:
            group.create_task(_repeat(job, run, clock), name=job.name)


async def _repeat(job: Job, run: Callable[[], Awaitable[int]], clock: Clock) -> None:
    failures = 0
    _expect(job, clock)
    while True:
        with Scope(job.name):
            try:
                await _run(job, run)
                failures = 0
                JOB_RUNS.inc(job.name, "done")
                _expect(job, clock)
            except Exception:
                failures += 1
                JOB_RUNS.inc(job.name, "failed")
                log.exception("%s failed (%d in a row)", job.name, failures)
        await asyncio.sleep(job.every_s * min(2**failures, MOST_PAUSES))


async def _run(job: Job, run: Callable[[], Awaitable[int]]) -> None:
    with tracing.begun_run(job.name) as span:
        done = await run()
        span.set(tracing.DONE, done)
        if done:
            log.info("%s: %d", job.name, done)


def _expect(job: Job, clock: Clock) -> None:
    """Say by when it is to have worked again: one failure in between is no trouble."""
    within = (1 + MOST_PAUSES) * job.every_s + IS_LATE_S
    JOB_DUE.set(clock.now().timestamp() + within, job.name)
