"""Policies of the running product: shadows watch, and what decides changes without a restart."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from oo.domain.policies import PolicyRef
from oo.mlops.policy_lookup import DEFAULT_POLICY
from oo.store import policies
from oo.store.database import Database
from oo.store.policies import IN_FORCE, Change
from tests.conftest import Product
from tests.peers.store import shift_log
from tests.serve.client import PATIENCE_S, Client, eventually

pytestmark = pytest.mark.timeout(900)

NEW = "lints"
DAYS = timedelta(days=2)


@pytest.fixture
def shards(product: Product) -> Iterator[set[int]]:
    """The processes of the shards, which must be the same afterwards."""
    before = _shards(product)
    assert before
    yield before
    assert _shards(product) == before


def _shards(product: Product) -> set[int]:
    children = psutil.Process(product.pid).children(recursive=True)
    return {one.pid for one in children if "BanditShard" in " ".join(one.cmdline())}


def _store(product: Product) -> Path:
    return Path(product.environment["OO_DATA_DIR"]) / "oo.db"


def _opinions(product: Product) -> int:
    with sqlite3.connect(f"file:{_store(product)}?mode=ro", uri=True) as connection:
        query = "SELECT COUNT(*) FROM shadow_scores WHERE policy = ?"
        return int(connection.execute(query, (NEW,)).fetchone()[0])


def _refusal(product: Product) -> dict[str, float]:
    """What the gate measured when it last refused, by check."""
    with sqlite3.connect(f"file:{_store(product)}?mode=ro", uri=True) as connection:
        query = "SELECT report FROM policy_changes WHERE role = 'refused' ORDER BY id DESC"
        report = json.loads(connection.execute(query).fetchone()[0])
    return {check["name"]: check["value"] for check in report["checks"]}


def _days_later(product: Product, folder: Path) -> Product:
    """`oo` on a copy of the store in which all that happened is two days old."""
    folder.mkdir()
    with (
        sqlite3.connect(f"file:{_store(product)}?mode=ro", uri=True) as running,
        sqlite3.connect(folder / "oo.db") as copy,
    ):
        running.backup(copy)

    async def age() -> None:
        db = Database(f"sqlite+aiosqlite:///{folder / 'oo.db'}")
        await shift_log(db, -DAYS)
        await db.close()

    asyncio.run(age())
    environment = {"OO_DATA_DIR": str(folder), "OO_PORT": "9"}  # no oO runs there
    return replace(product, environment=product.environment | environment)


def _put_in_force(product: Product) -> None:
    async def record() -> None:
        db = Database(f"sqlite+aiosqlite:///{_store(product)}")
        change = Change(PolicyRef(NEW, "1"), IN_FORCE, "test", "as if", {}, datetime.now(UTC))
        async with db.write() as connection:
            await policies.record(connection, change)
        await db.close()

    asyncio.run(record())


@pytest.mark.usefixtures("shards")
def test_a_policy_is_shadowed_refused_promoted_and_demoted_in_place(
    product: Product, tmp_path: Path
) -> None:
    client = Client.new(product)
    client.import_list()
    assert client.ranked_tip()["policy"] == DEFAULT_POLICY

    product.cli("policy", "shadow", NEW, "--reason", "a look at it")
    assert eventually(lambda: bool(client.tip() and _opinions(product)), PATIENCE_S)

    before = _opinions(product)
    for _ in range(6):
        assert client.react(client.ranked_tip()["id"]).status_code == 200
    # they are given behind the answers, by another process
    assert eventually(lambda: _opinions(product) >= before + 6, PATIENCE_S)
    refused = product.run("policy", "promote", NEW, "--reason", "blind")
    assert refused.returncode == 1, refused.stderr
    assert "decisions are younger than a day" in refused.stdout
    assert {client.ranked_tip()["policy"] for _ in range(10)} == {DEFAULT_POLICY}

    later = _days_later(product, tmp_path / "later")
    refused = later.run("policy", "promote", NEW, "--reason", "still blind")
    assert refused.returncode == 1, refused.stderr
    measured = _refusal(later)
    assert measured["shadowed decisions"] >= 6
    assert measured["online and offline disagree"] == 0

    _put_in_force(product)
    assert eventually(lambda: client.tip()["policy"] == NEW, PATIENCE_S)

    product.cli("policy", "demote", "--reason", "it was only a test")
    assert eventually(lambda: client.tip()["policy"] == DEFAULT_POLICY, PATIENCE_S)
    listed = product.cli("policy", "history")
    assert [
        word for word in ("demoted", "in force", "refused", "shadow") if word not in listed
    ] == []
