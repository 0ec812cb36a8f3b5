"""A store that is full, damaged, read-only or away is told from a wrong statement, and recovers."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.store.failures import store_is_away, usable_store
from oo.store.migrate import migrate
from oo.vault.offline import prepare_store
from tests.peers.serving import free_port


async def pages(db: Database, most: int) -> None:
    """Let the store grow to so many pages; 1 is as many as it has."""
    async with db.write() as connection:
        await connection.execute(text(f"PRAGMA max_page_count = {most}"))


async def fill(db: Database) -> None:
    async with db.write() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS filling (it BLOB)"))
        await connection.execute(text("INSERT INTO filling VALUES (zeroblob(1000000))"))


async def test_a_full_store_shows_in_the_probe_until_there_is_space(tmp_path: Path) -> None:
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'oo.db'}")
    await migrate(db)
    await db.probe()
    await pages(db, 1)
    with pytest.raises(DBAPIError) as full:
        await fill(db)
    assert store_is_away(full.value)
    for _ in range(2):
        with pytest.raises(DBAPIError):
            await db.probe()
    await pages(db, 100_000)
    await db.probe()
    await fill(db)
    await db.close()


async def test_a_wrong_statement_is_no_outage(tmp_path: Path) -> None:
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'oo.db'}")
    await migrate(db)
    with pytest.raises(DBAPIError) as wrong:
        async with db.write() as connection:
            await connection.execute(text("INSERT INTO users (id) VALUES (NULL)"))
    assert not store_is_away(wrong.value)
    assert not store_is_away(ValueError("no"))
    await db.close()


async def test_a_database_that_does_not_answer_is_away() -> None:
    db = Database(f"postgresql+asyncpg://oo:secret@127.0.0.1:{free_port()}/oo")
    with pytest.raises((OSError, DBAPIError)) as away:
        await db.probe()
    assert store_is_away(away.value)
    await db.close()


def test_a_damaged_store_is_one_line_at_start(tmp_path: Path) -> None:
    (tmp_path / "oo.db").write_bytes(b"not a database, surely" * 1000)
    with pytest.raises(ConfigurationError, match="damaged: put a backup"):
        prepare_store(Settings(data_dir=tmp_path))


def test_a_database_away_is_one_line_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://oo:secret@127.0.0.1:{free_port()}/oo"
    with pytest.raises(ConfigurationError, match="does not answer") as away:
        prepare_store(Settings(data_dir=tmp_path, database_url=url))
    assert "secret" not in away.value.detail


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("database or disk is full", "free some space"),
        ("attempt to write a readonly database", "give this user the right"),
        ("database disk image is malformed", "put a backup"),
    ],
)
def test_each_says_what_to_do(said: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice), usable_store("The store"):
        raise sqlite3.OperationalError(said)
