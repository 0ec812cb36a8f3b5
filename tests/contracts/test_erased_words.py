"""A log whose words were erased is replayed as before, on both stores."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from oo.cli.main import build
from oo.store import forget, users
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.tables import tip_scores
from tests.peers.postgres import empty_database
from tests.unit.mlops.decision_logs import live, store_url

PEOPLE, ROUNDS = 4, 12


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return store_url(tmp_path)
    return empty_database(request.getfixturevalue("postgres_server"))


async def live_and_erase(url: str) -> int:
    """A log under ε-greedy, all words of it erased; how many decisions still say something."""
    db = Database(url)
    try:
        await migrate(db)
        await live(db, PEOPLE, ROUNDS)
        t = tip_scores.c
        async with db.write() as connection:
            for user_id in await users.sequences(connection):
                await forget.what_was_said_of(connection, user_id, "file")
        async with db.read() as connection:
            query = select(func.count()).where(t.content != forget.BLANK)
            return int((await connection.execute(query)).scalar_one())
    finally:
        await db.close()


def test_a_log_with_erased_words_is_replayed_bit_for_bit(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asyncio.run(live_and_erase(url)) == 0
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OO_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    answer = CliRunner().invoke(build(), ["replay", "--check", "--decisions"])
    assert answer.exit_code == 0, answer.output
    assert f"{PEOPLE * ROUNDS} decisions" in answer.output
    assert "0 came out different" in answer.output
