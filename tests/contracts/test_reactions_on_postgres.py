"""The unit tests of reactions and learning once more, on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from oo.store.database import Database
from oo.store.migrate import differences
from tests.peers.postgres import empty_database
from tests.peers.tables import Tables, begin_anew
from tests.unit.recommend.conftest import clock, user  # noqa: F401 - fixtures
from tests.unit.recommend.test_learner import *  # noqa: F403 - the same tests, another store
from tests.unit.recommend.test_outcomes import *  # noqa: F403 - the same tests, another store
from tests.unit.recommend.test_reactions import *  # noqa: F403 - the same tests, another store


@pytest.fixture(scope="module")
def address(postgres_server: str) -> str:
    return empty_database(postgres_server)


@pytest.fixture
async def db(address: str) -> AsyncIterator[Database]:
    await begin_anew(address, Tables.MIGRATED)
    store = Database(address)
    yield store
    await store.close()


async def test_the_migrated_store_is_what_the_tables_say(db: Database) -> None:
    assert await differences(db) == []
