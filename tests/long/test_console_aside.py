"""What the console has done aside, in the processes that do it."""

import asyncio
from pathlib import Path

import pytest

from oo.domain.promotion import Ruling
from oo.kit.clock import SystemClock
from oo.kit.errors import Conflict
from oo.mlops.asked_runs import AskedRuns, World, simulation_of
from oo.mlops.promoting import Gatekeeper
from oo.mlops.promotion import Trial
from oo.store import simulations as store
from oo.store.database import Database
from oo.store.simulations import SimulationRun
from tests.unit.mlops import conftest
from tests.unit.mlops.conftest import SHADOWED, on_store

lived, folder = conftest.lived, conftest.folder


def test_the_gate_looks_in_a_process_of_its_own(folder: Path) -> None:
    async def ask() -> Ruling:
        gate = Gatekeeper(Trial(50, 7, 1))
        found = await gate.promote(SHADOWED, "person:ada", "better")
        with pytest.raises(Conflict, match="in force already"):
            await gate.promote(SHADOWED, "person:ada", "once more")
        return found

    assert asyncio.run(ask()) == Ruling(f"{SHADOWED}@1", "random@1", 600, ())


def test_a_simulation_runs_in_a_process_of_its_own(folder: Path) -> None:
    async def see_through(db: Database) -> SimulationRun | None:
        clock = SystemClock()
        run = simulation_of(World(("random", "lints"), people=20, days=5, decisions=2), clock)
        async with db.write() as connection:
            await store.ask(connection, run)
        assert await AskedRuns(db, clock).run_next() == 1
        async with db.read() as connection:
            return await store.find(connection, run.id)

    run = on_store(folder, see_through)
    assert run is not None
    assert run.status == "finished", run.summary
    assert run.mlflow_run_id
