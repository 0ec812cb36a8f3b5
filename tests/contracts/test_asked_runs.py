"""Runs that the console was asked for: one at a time, in processes of their own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oo.kit.aside import Part, Tell
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.errors import BadRequest
from oo.kit.settings import load_settings
from oo.mlops import asked_runs
from oo.mlops.asked_runs import Asked, AskedRuns, World, evaluated, evaluation_of, simulation_of
from oo.mlops.tracked import tracking_of
from oo.store import simulations as store
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.simulations import CANCELLED, SimulationRun
from tests.unit.mlops.decision_logs import SETTLED, live, store_url

SMALL = World(("random", "linucb-v1"), people=8, days=3, decisions=2)
LARGE = World(("lints",), people=2000, days=90, decisions=4)


@pytest.fixture
async def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The store that processes find by their environment."""
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(asked_runs, "LOOK_EVERY_S", 0.1)
    opened = Database(store_url(tmp_path))
    await migrate(opened)
    yield opened
    await opened.close()


async def ask(db: Database, run: SimulationRun) -> str:
    async with db.write() as connection:
        await store.ask(connection, run)
    return run.id


async def in_a_thread(_: str, order: dict[str, Any], __: float, tell: Tell | None = None) -> Any:
    """What the process does, without one: others of the machine would go first."""
    return await asyncio.to_thread(asked_runs._work, order, tell or (lambda part: None))


async def found(db: Database, run_id: str) -> SimulationRun:
    async with db.read() as connection:
        run = await store.find(connection, run_id)
    assert run is not None
    return run


async def test_they_run_one_after_another_and_say_what_they_found(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    first = await ask(db, simulation_of(SMALL, clock))
    second = await ask(db, await evaluation_of(db, Asked(("random",)), clock))
    runs = AskedRuns(db, clock)
    looks = list[Part]()
    looked = AskedRuns._goes_on

    async def goes_on(self: AskedRuns, run: SimulationRun, part: Part) -> bool:
        looks.append(part)
        return await looked(self, run, part)

    monkeypatch.setattr(AskedRuns, "_goes_on", goes_on)
    monkeypatch.setattr(asked_runs, "aside", in_a_thread)
    assert await runs.run_next() == 1
    assert looks == sorted(looks)
    run = await found(db, first)
    assert run.status == "finished", run.summary
    assert run.summary is not None
    assert {it["label"] for it in run.summary["entries"]} == {"random", "linucb-v1"}
    assert run.config[store.ASKED]["people"] == 8
    assert run.mlflow_run_id
    assert (tmp_path / "simulations" / run.name / "report.json").exists()
    assert (await found(db, second)).status == "waiting"
    assert await runs.run_next() == 1
    empty = await found(db, second)
    assert empty.status == "failed"
    assert "decision" in (empty.summary or {})["error"]
    assert await runs.run_next() == 0


async def test_one_that_is_cancelled_ends_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    run_id = await ask(db, simulation_of(LARGE, clock))
    looked = AskedRuns._goes_on

    async def cancelled(self: AskedRuns, run: SimulationRun, part: Part) -> bool:
        async with db.write() as connection:
            assert await store.end(connection, run.id, CANCELLED, clock.now(), "enough")
        return await looked(self, run, part)

    monkeypatch.setattr(AskedRuns, "_goes_on", cancelled)
    assert await AskedRuns(db, clock).run_next() == 1
    run = await found(db, run_id)
    assert (run.status, run.summary) == (CANCELLED, {"error": "enough"})


async def test_what_ran_when_oo_stopped_says_so_and_what_waited_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    ran = await ask(db, simulation_of(LARGE, clock))
    waited = await ask(db, simulation_of(SMALL._replace(policies=("random",)), clock))
    async with db.write() as connection:
        assert await store.take_next(connection)
    seen = list[str]()

    async def see_through(self: AskedRuns, run: SimulationRun) -> None:
        seen.append(run.id)

    monkeypatch.setattr(AskedRuns, "_see_through", see_through)
    assert await AskedRuns(db, clock).run_next() == 1
    run = await found(db, ran)
    assert (run.status, (run.summary or {})["error"]) == ("cut", asked_runs.WHY_CUT)
    assert seen == [waited]


async def test_mlflow_learns_that_a_run_was_ended(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    tracked = tracking_of(load_settings()).start_run("simulations", "one that is cut")
    await ask(db, replace(simulation_of(SMALL, clock), mlflow_run_id=tracked.id))
    async with db.write() as connection:
        assert await store.take_next(connection)
    monkeypatch.setattr(asked_runs, "aside", in_a_thread)
    assert tracked.goes_on
    assert await AskedRuns(db, clock).run_next() == 0
    assert tracked.client.get_run(tracked.id).info.status == "KILLED"


async def test_an_evaluation_says_what_each_policy_would_have_earned(db: Database) -> None:
    await live(db, people=12, rounds=4, policy="random")
    clock, parts = ManualClock(SETTLED), list[Part]()
    asked = Asked(("egreedy-v1", "random@1"), against="random@1", days=3650)
    told = await evaluated(db, asked, clock, parts.append)
    assert told["decisions"] == 48
    first = [it for it in told["findings"] if it["estimator"] == "snips"]
    assert [it["policy"] for it in first] == ["as logged", "egreedy-v1", "random@1"]
    assert first[0]["value"] == pytest.approx(first[2]["value"])
    assert len(first[1]["difference"]) == 3
    assert parts == [Part(0, 2), Part(1, 2)]


async def test_an_unknown_policy_is_refused_before_anything_waits(db: Database) -> None:
    with pytest.raises(BadRequest, match="nobody"):
        simulation_of(SMALL._replace(policies=("nobody",)), SystemClock())
    with pytest.raises(BadRequest, match="nobody"):
        await evaluation_of(db, Asked(("random", "nobody")), SystemClock())
