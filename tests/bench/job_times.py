"""How long the jobs take that look at everybody, once each, on a store that nobody else uses."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import oo.jobs.periodic
from oo.domain import ports
from oo.jobs.contract import Job
from oo.kit.clock import Clock, SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.plugins import discover
from oo.kit.provide import Provided
from oo.kit.setting_groups import Nightly, Retention
from oo.kit.settings import Settings
from oo.mlops.policy_lookup import serving
from oo.recommend.catching_up import CatchingUp
from oo.store.database import Database
from oo.vault.service import Vault


class _Away:
    """Parts that are not there: a job has looked for its work, and leaves it."""

    async def is_ready(self) -> bool:
        return False

    async def status(self) -> str:
        raise ConnectionError("nobody is there")

    def wake(self, user_id: str, user_seq: int) -> None: ...


def job_seconds(data: Path) -> Mapping[str, float]:
    """Seconds of each job that the store, the clock and its settings are enough for."""
    return asyncio.run(_run_all(data))


async def _run_all(data: Path) -> Mapping[str, float]:
    clock, settings = SystemClock(), Settings(data_dir=data)
    db = Database(settings.store_url, Vault.of(settings, clock))
    provided = Provided(
        {
            Database: db,
            Clock: clock,
            Nightly: Nightly(hour=clock.now().hour),  # it is due
            Retention: Retention(),
            ports.WakesShards: _Away(),
            ports.FoldsBehind: CatchingUp(db, clock, serving),
            ports.FillsPools: _Away(),
        }
    )
    found: dict[str, float] = {}
    try:
        for job in discover(oo.jobs.periodic, "JOB", Job).values():
            try:
                run = provided.to(job.run)
            except ConfigurationError:
                continue  # it needs a part of the product
            since = time.monotonic()
            await run()
            found[job.name] = time.monotonic() - since
    finally:
        await db.close()
    return found
