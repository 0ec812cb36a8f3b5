"""Long lists are written in slices, planned in a process of their own: nothing is lost between."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from oo.domain.signals import Upload
from oo.domain.tasks import Task
from oo.integrations import imports
from oo.integrations.beside import Planner
from oo.integrations.import_plans import SLICE, Plan, Upon
from oo.integrations.imports import FREE_PLANS
from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, Conflict, NotFound, TooLarge
from oo.kit.settings import Settings
from oo.store import kinds, tasks, users
from oo.store.database import Database
from oo.store.sealing import words_of
from oo.store.tables import tasks as tasks_table
from oo.store.tables import users as users_table
from tests.conftest import ROOT
from tests.peers.store import add_person

LONG = 5 * SLICE
BESIDE = 500  # lines that a process of its own reads
BETWEEN = Callable[[int], Awaitable[None]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 25, 12, tzinfo=UTC))


@pytest.fixture
def integrations(db: Database, clock: ManualClock, tmp_path: Path) -> Integrations:
    return Integrations.of(Settings(data_dir=tmp_path), db, clock)


def listed(count: int, words: str = "Task") -> bytes:
    rows = (f"task,{words} number {n},1" for n in range(count))
    return "\n".join(["TYPE,CONTENT,PRIORITY", *rows]).encode()


async def rows(db: Database) -> list[Any]:
    async with db.read() as connection:
        found = (await connection.execute(select(tasks_table))).mappings().all()
        words = await words_of(connection, {row["user_id"] for row in found})
        told = [{**words.opened(tasks_table, row), "sealed": None} for row in found]
        return sorted(str(row) for row in told)


def between(monkeypatch: pytest.MonkeyPatch, act: BETWEEN) -> None:
    """Act when so many transactions of an import have been written."""
    number = 0

    async def pause(_seconds: float) -> None:
        nonlocal number
        number += 1
        await act(number)

    monkeypatch.setattr(imports, "_pause", pause)


async def tick_off(db: Database, clock: ManualClock, user: str, title: str) -> None:
    async with db.write() as connection:
        await users.lock(connection, [user])
        found = {task.title: task.id for task in await tasks.list_open(connection, user)}
        await tasks.mark_completed(connection, user, [found[title]], clock.now())
        await users.bump_pool(connection, user)


async def test_every_slice_moves_the_version_and_all_of_it_is_undone(
    db: Database, integrations: Integrations, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, seen = await add_person(db, clock), dict[int, int]()

    async def look(_: int) -> None:
        async with db.read() as connection:
            version = (await users.heads(connection, [user]))[user].pool_version
            seen[len(await tasks.list_open(connection, user))] = version

    between(monkeypatch, look)
    assert (await integrations.import_file(user, "a.csv", listed(LONG))).taken == LONG
    assert seen == {n * SLICE: n for n in range(5)}
    first = await rows(db)
    clock.advance(60)
    result = await integrations.import_file(user, "a.csv", listed(LONG, "Other"))
    assert (result.taken, result.finished) == (LONG, LONG)
    assert await integrations.undo_import(user) == 2 * LONG
    assert await rows(db) == first


async def test_what_is_cut_off_can_be_undone_or_handed_in_again(
    db: Database, integrations: Integrations, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await add_person(db, clock)

    async def die(number: int) -> None:
        if number == 3:
            raise ConnectionResetError

    between(monkeypatch, die)
    with pytest.raises(ConnectionResetError):
        await integrations.import_file(user, "a.csv", listed(LONG))
    assert len(await rows(db)) == 2 * SLICE
    await integrations.undo_import(user)
    assert await rows(db) == []
    between(monkeypatch, die)
    with pytest.raises(ConnectionResetError):
        await integrations.import_file(user, "a.csv", listed(LONG))
    monkeypatch.undo()
    result = await integrations.import_file(user, "a.csv", listed(LONG))
    assert (result.taken, result.unchanged) == (LONG - 2 * SLICE, 2 * SLICE)


async def test_a_reaction_between_slices_is_kept(
    db: Database, integrations: Integrations, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await add_person(db, clock)
    await integrations.import_file(user, "a.csv", listed(LONG))
    clock.advance(60)
    finished = ["Task number 0", f"Task number {LONG - 1}"]

    async def react(number: int) -> None:
        if number == 2:  # the first slice is written, the last is not
            for title in finished:
                await tick_off(db, clock, user, title)

    between(monkeypatch, react)
    later = (listed(LONG) + b"\n").replace(b",1\n", b",3\n")
    result = await integrations.import_file(user, "a.csv", later)
    assert (result.tasks, result.taken) == (LONG, LONG - 1)
    async with db.read() as connection:
        stored = (await tasks.list_of_source(connection, user, "file")).values()
    assert sorted(row.task.title for row in stored if row.completed_at) == finished
    with pytest.raises(Conflict):
        await integrations.undo_import(user)


async def test_what_only_moves_the_version_needs_no_new_plan(
    db: Database, integrations: Integrations, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, plans = await add_person(db, clock), 0
    original = Planner.plan

    async def counted(self: Planner, upon: Upon) -> Plan:
        nonlocal plans
        plans += 1
        return await original(self, upon)

    async def bump(_: int) -> None:
        async with db.write() as connection:
            await users.bump_pool(connection, user)

    monkeypatch.setattr(Planner, "plan", counted)
    between(monkeypatch, bump)
    await integrations.import_file(user, "a.csv", listed(LONG))
    assert (plans, len(await rows(db))) == (1, LONG)


async def test_who_is_overtaken_again_and_again_writes_all_of_it_under_the_lock(
    db: Database, integrations: Integrations, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, original, plans = await add_person(db, clock), Planner.plan, 0
    await integrations.import_file(user, "a.csv", listed(9))
    clock.advance(60)

    async def overtaken(self: Planner, upon: Upon) -> Plan:
        nonlocal plans
        plan, plans = await original(self, upon), plans + 1
        if plans <= FREE_PLANS:
            await tick_off(db, clock, user, f"Task number {plans}")
        return plan

    monkeypatch.setattr(Planner, "plan", overtaken)
    result = await integrations.import_file(user, "a.csv", listed(1))
    assert (plans, result.finished) == (FREE_PLANS + 1, 8 - FREE_PLANS)


async def test_a_person_who_is_deleted_meanwhile_gets_nothing_more(
    db: Database, integrations: Integrations, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await add_person(db, clock)

    async def delete(number: int) -> None:
        async with db.write() as connection:
            await users.lock_alone(connection, user)
            await kinds.remove_source(connection, user, "file")
            await connection.execute(users_table.update().values(deleted_at=clock.now()))

    between(monkeypatch, delete)
    with pytest.raises(NotFound):
        await integrations.import_file(user, "a.csv", listed(LONG))
    assert await rows(db) == []


async def test_errors_of_the_other_process_arrive_as_they_are(
    db: Database, integrations: Integrations, clock: ManualClock
) -> None:
    user = await add_person(db, clock)
    with pytest.raises(TooLarge, match="more than 5000 lines"):
        await integrations.import_file(user, "a.csv", listed(6000))
    with pytest.raises(BadRequest):
        await integrations.import_file(user, "a.csv", b"\xff" * 20_000)


def children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


async def test_a_process_that_dies_costs_no_import(
    db: Database, integrations: Integrations, clock: ManualClock
) -> None:
    user, before = await add_person(db, clock), children()
    await integrations.import_file(user, "a.csv", listed(BESIDE))
    worker = next(it for it in children() - before if "spawn_main" in " ".join(it.cmdline()))
    assert worker.nice() > 0
    clock.advance(60)
    importing = asyncio.create_task(integrations.import_file(user, "b.csv", listed(BESIDE)))
    await asyncio.sleep(0)
    worker.kill()
    assert (await importing).tasks == BESIDE
    assert (await integrations.import_file(user, "c.csv", listed(BESIDE))).tasks == BESIDE


class Unpicklable:
    """A source that holds on to something of its process."""

    def __init__(self) -> None:
        self.held = lambda: None

    def parse(self, filename: str, data: bytes, today: object) -> Upload:
        return Upload((Task("file:1", "file", "1", "Only one"),))


async def test_a_source_that_cannot_be_sent_is_read_here(
    db: Database, integrations: Integrations, clock: ManualClock
) -> None:
    user = await add_person(db, clock)
    configured = integrations._configured("file")
    upon = Upon(configured.manifest, Unpicklable(), user, "a", b" " * 20_000, None, clock.now())
    assert (await Planner(db).plan(upon)).told == 1


ORPHANED = """
import asyncio, os, signal, sys
from oo.integrations.beside import Planner
from oo.store.database import Database

async def main():
    pool = Planner(Database("sqlite+aiosqlite:///" + sys.argv[1]))._beside()
    print(pool.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_no_process_is_left_when_the_one_that_started_it_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphaned.py"
    script.write_text(ORPHANED)
    run = subprocess.run(
        [sys.executable, script, tmp_path / "a.db"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    pid, until = int(run.stdout), time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "it is still there"
        time.sleep(0.05)
