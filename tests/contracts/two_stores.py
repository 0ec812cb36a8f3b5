"""Two processes' pools on one real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import pytest

from oo.store.database import Database
from oo.store.migrate import migrate
from tests.peers.postgres import postgres


@pytest.fixture
def address() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
async def stores(address: str) -> AsyncIterator[tuple[Database, Database]]:
    found = Database(address), Database(address)
    await migrate(found[0])
    yield found
    for store in found:
        await store.close()
