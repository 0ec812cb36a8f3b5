"""A SQLite file and a PostgreSQL database, one after the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from oo.store.database import Database
from tests.peers.postgres import empty_database
from tests.peers.tables import SQLITE, Tables, begin_anew


@pytest.fixture(scope="module")
def postgres_url(postgres_server: str) -> str:
    return empty_database(postgres_server)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"{SQLITE}{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@asynccontextmanager
async def _opened(address: str, tables: Tables) -> AsyncIterator[Database]:
    await begin_anew(address, tables)
    db = Database(address)
    try:
        yield db
    finally:
        await db.close()


@pytest.fixture
async def empty(address: str) -> AsyncIterator[Database]:
    """One without tables."""
    async with _opened(address, Tables.NONE) as db:
        yield db


@pytest.fixture
async def with_tables(address: str) -> AsyncIterator[Database]:
    """One with today's tables, without the way there."""
    async with _opened(address, Tables.TODAY) as db:
        yield db


@pytest.fixture
async def migrated(address: str) -> AsyncIterator[Database]:
    """One that has come to today's tables by all migrations."""
    async with _opened(address, Tables.MIGRATED) as db:
        yield db
