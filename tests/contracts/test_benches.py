"""Measurements that are made by hand run: each with little to do, and by its own command.

Those that start the whole product, and those that only measure a time, are left out.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from oo.domain.rewards import Action
from tests.bench import naive
from tests.bench.chain import transact
from tests.bench.seed import open_words, seed

COMMANDS = {
    "deciding": ["--people", "40"],
    "learning.replay": ["--total", "60"],
    "console": ["--tips", "100,200", "--people", "50", "--stores", "sqlite", "--looks", "2"],
    "deliveries": ["--sendings", "20", "--limit", "60"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_measurement_runs(name: str) -> None:
    """They are written once and needed a year later, when what they call has moved on."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *COMMANDS[name]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert any(it.isdigit() for it in done.stdout)


def test_those_oo_is_compared_with_write_the_rows_of_todays_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They know its columns by themselves: a new one that must be there breaks all of them."""
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))
    asyncio.run(seed(tmp_path / "oo.db", people=1, tips=0))
    open_words(tmp_path / "oo.db")
    db = naive.connect()
    (user_id,) = db.execute("SELECT id FROM users").fetchone()
    tip, values = naive.decide(naive.statistics(db, user_id), naive.pool(db, user_id), user_id)
    body = naive.Feedback(tip_id=tip["id"], action=Action.DONE, dwell_ms=30_000)
    _, answer = transact(
        db,
        [
            lambda db: db.execute(naive.LOG, values),
            lambda db: naive.react(db, user_id, "key", body),
        ],
    )
    assert tip["content"].startswith("Give “Write to supplier")
    assert (answer["seq"], naive.statistics(db, user_id).n) == (1, 1)
    assert db.execute("SELECT count(*) FROM tip_scores").fetchone()[0] == 1
