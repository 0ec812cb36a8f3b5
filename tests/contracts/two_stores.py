"""Two processes' pools on one real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from oo.store.database import Database
from oo.store.migrate import migrate
from tests.peers.postgres import empty_database


@pytest.fixture
def address(postgres_server: str) -> str:
    return empty_database(postgres_server)


@pytest.fixture
async def stores(address: str) -> AsyncIterator[tuple[Database, Database]]:
    found = Database(address), Database(address)
    await migrate(found[0])
    yield found
    for store in found:
        await store.close()
