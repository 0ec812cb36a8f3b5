"""Runs of simulations are kept with their days; a repeated attempt replaces the earlier one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oo.kit.errors import Conflict
from oo.store import simulations
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.simulations import DayEvent, SimulationRun

AT = datetime(2026, 3, 1, tzinfo=UTC)
RUN = SimulationRun("r1", "first", AT, "comparison", 7, {"days": 2}, "m1")
DAYS = [
    DayEvent("random", 7, 0, 0, 4, 3, 1, 0.25, 0.5, 0.2),
    DayEvent("random", 7, None, 1, 4, 0, 0, None, 0.5, 0.2),
]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    store = Database(f"sqlite+aiosqlite:///{tmp_path / 'oo.db'}")
    await migrate(store)
    yield store
    await store.close()


async def test_a_finished_run_has_its_summary_and_days(db: Database) -> None:
    async with db.write() as connection:
        await simulations.begin(connection, RUN)
        await simulations.finish(connection, "r1", AT + timedelta(minutes=1), {"best": "a"}, DAYS)
    async with db.read() as connection:
        (run,) = await simulations.newest(connection)
        assert await simulations.days(connection, "r1") == DAYS
    assert (run.status, run.summary, run.config) == ("finished", {"best": "a"}, {"days": 2})
    assert run.finished_at == AT + timedelta(minutes=1)


async def test_a_repeated_attempt_takes_the_earlier_one_s_place(db: Database) -> None:
    async with db.write() as connection:
        await simulations.begin(connection, RUN)
        await simulations.finish(connection, "r1", AT, {}, DAYS)
        await simulations.begin(connection, RUN)
    async with db.read() as connection:
        (run,) = await simulations.newest(connection)
        assert await simulations.days(connection, "r1") == []
    assert run.status == "running"


async def test_a_failed_run_says_why(db: Database) -> None:
    async with db.write() as connection:
        await simulations.begin(connection, RUN)
        await simulations.fail(connection, "r1", AT, "no memory")
    async with db.read() as connection:
        (run,) = await simulations.newest(connection)
    assert (run.status, run.summary) == ("failed", {"error": "no memory"})


async def test_a_run_that_was_cancelled_before_it_began_does_not_begin(db: Database) -> None:
    asked = replace(RUN, config={simulations.ASKED: {}}, mlflow_run_id=None)
    async with db.write() as connection:
        await simulations.ask(connection, asked)
        assert await simulations.take_next(connection)
        assert await simulations.end(connection, "r1", simulations.CANCELLED, AT, "enough")
    with pytest.raises(Conflict, match="cancelled"):
        async with db.write() as connection:
            await simulations.begin(connection, RUN)
    async with db.read() as connection:
        (run,) = await simulations.newest(connection)
    assert run.status == "cancelled"
