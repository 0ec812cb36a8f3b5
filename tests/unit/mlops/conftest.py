"""Stores in which policies played their parts, and `oo` on them."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import insert

from ml.policies import policies
from oo.domain.policies import PolicyRef
from oo.mlops.logged_decisions import read_log, replay
from oo.store import policies as store
from oo.store import tables
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.policies import IN_FORCE, Change
from tests.unit.mlops.decision_logs import SETTLED, START, live, store_url

PEOPLE, ROUNDS = 12, 50
SHADOWED = "egreedy-v1"

T = TypeVar("T")


def on_store(folder: Path, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(store_url(folder))
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


async def put_in_force(db: Database, name: str) -> None:
    change = Change(PolicyRef(name, "1"), IN_FORCE, "test", "to begin with", {}, START)
    async with db.write() as connection:
        await store.record(connection, change)


async def add_opinions(db: Database) -> None:
    """What the shadow would have logged, had it run beside the policy in force."""
    log = await read_log(db, SETTLED)
    table = await replay(db, policies()[SHADOWED], log)
    rows = [
        {
            "tip_id": one.id,
            "policy": SHADOWED,
            "user_id": one.user_id,
            "policy_version": "1",
            "state_seq": one.state_seq,
            "chosen": 0,
            "propensities": chances[: len(one.candidate_ids)].tolist(),
            "scores": [],
        }
        for one, chances in zip(log.decisions, table, strict=True)
    ]
    async with db.write() as connection:
        await connection.execute(insert(tables.shadow_scores), rows)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which `random` decides, and ε-greedy, its shadow, would do far better."""
    folder = tmp_path_factory.mktemp("lived")

    async def make(db: Database) -> None:
        await migrate(db)
        await put_in_force(db, "random")
        await live(db, PEOPLE, ROUNDS, policy="random")
        await add_opinions(db)

    on_store(folder, make)
    return folder


@pytest.fixture
def folder(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to change; `oo` works on it."""
    place = tmp_path / "var"
    shutil.copytree(lived, place)
    return _command_on(place, monkeypatch)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing yet."""
    return _command_on(tmp_path / "empty", monkeypatch)


def _command_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OO_DATA_DIR", str(place))
    monkeypatch.setenv("OO_PORT", "9")  # no oO runs there
    monkeypatch.setenv("COLUMNS", "200")
    return place
