"""Two processes' pools on one real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from oo.store.database import Database
from tests.peers.postgres import empty_database
from tests.peers.tables import Tables, begin_anew


@pytest.fixture
def address(postgres_server: str) -> str:
    return empty_database(postgres_server)


@pytest.fixture
async def stores(address: str) -> AsyncIterator[tuple[Database, Database]]:
    await begin_anew(address, Tables.MIGRATED)
    found = Database(address), Database(address)
    yield found
    for store in found:
        await store.close()
