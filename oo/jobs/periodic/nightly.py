"""Begins a nightly batch at its hour, and goes on with whichever has not finished."""

from oo.domain.ports import FillsPools
from oo.jobs.contract import Job
from oo.jobs.nightly import is_due, plan, work
from oo.kit.clock import Clock
from oo.kit.setting_groups import Nightly
from oo.store import batches
from oo.store.database import Database


async def run(db: Database, clock: Clock, pools: FillsPools, nightly: Nightly) -> int:
    """A piece of the batch; nothing while the model is away."""
    async with db.read() as connection:
        batch = await batches.newest(connection)
    if is_due(batch, nightly.hour, clock.now()):
        batch = await plan(db, clock, nightly.active_days)
    if batch is None or batch.finished_at is not None or not await pools.is_ready():
        return 0
    return await work(db, clock, pools, batch, nightly)


JOB = Job("nightly", 2.0, run)
