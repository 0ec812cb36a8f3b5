"""`oo demo` as one types it, in a process that nothing of the tests has touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oo.kit.settings import Settings
from oo.store import tables
from oo.store.database import Database
from oo.vault.service import Vault


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "oo"), "demo", "--people", "6", "--days", "6"]
    environment = {**os.environ, "OO_DATA_DIR": str(folder)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.mark.timeout(300)
async def test_a_demonstration_lives_in_a_store_of_its_own(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("6 people, ")
    again = demo(tmp_path)
    assert again.returncode != 0
    assert "remove it" in again.stderr
    db = Database(
        f"sqlite+aiosqlite:///{tmp_path}/demo/oo.db",
        Vault.of(Settings(data_dir=tmp_path / "demo")),
    )
    async with db.read() as connection:
        counts = {
            table.name: len((await connection.execute(table.select())).all())
            for table in (tables.users, tables.tip_scores, tables.feedback)
        }
    await db.close()
    assert counts["users"] >= 6, json.dumps(counts)
    assert counts["tip_scores"] >= counts["feedback"] >= 10, json.dumps(counts)
