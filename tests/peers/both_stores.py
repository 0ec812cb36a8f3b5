"""An empty SQLite file and an empty PostgreSQL database, one after the other."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from oo.store.database import Database
from tests.peers.postgres import BIN, postgres


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    if BIN is None:
        pytest.skip("needs Debian's postgresql")
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    db = Database(url)
    if not db.is_sqlite:
        async with db.write() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    yield db
    await db.close()
