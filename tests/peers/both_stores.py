"""An empty SQLite file and an empty PostgreSQL database, one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.tables import metadata
from tests.peers.postgres import empty_database


@pytest.fixture(scope="module")
def postgres_url(postgres_server: str) -> str:
    return empty_database(postgres_server)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def empty(address: str) -> AsyncIterator[Database]:
    db = Database(address)
    if not db.is_sqlite:
        async with db.write() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    yield db
    await db.close()


@pytest.fixture
async def with_tables(empty: Database) -> Database:
    """One with today's tables, without the way there."""
    async with empty.write() as connection:
        await connection.run_sync(metadata.create_all)
    return empty


@pytest.fixture
async def migrated(empty: Database) -> Database:
    """One that has come to today's tables by all migrations."""
    await migrate(empty)
    return empty
