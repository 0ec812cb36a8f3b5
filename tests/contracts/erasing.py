"""What tests of erasures share: their stores and peers, and what is there of a person."""

from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from oo.integrations.registry import build_sources
from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.store import erasures
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from oo.store.tables import metadata
from oo.vault.service import Vault
from tests.peers import both_stores
from tests.peers.vault import KEYRING
from tests.unit.integrations.conftest import http, peer, settings
from tests.unit.recommend.conftest import START

__all__ = ["http", "peer", "settings"]
postgres_url, address = both_stores.postgres_url, both_stores.address
db = both_stores.with_tables


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def log(tmp_path: Path) -> ErasureLog:
    return ErasureLog(tmp_path)


@pytest.fixture
def integrations(
    db: Database, clock: ManualClock, settings: Settings, http: httpx2.AsyncClient
) -> Integrations:
    sources = build_sources(settings, http, clock)
    return Integrations(db, Vault(KEYRING, clock), KEYRING, sources, clock, settings.base_url)


async def rows_of(db: Database, user_id: str) -> dict[str, int]:
    """Rows that name the person, by table: over whatever tables there are."""
    found = {}
    async with db.read() as connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.name == "user_id" or (table.name, column.name) == ("users", "id"):
                    count = select(func.count()).where(column == user_id)
                    found[table.name] = (await connection.execute(count)).scalar_one()
    return {name: count for name, count in found.items() if count}


async def ask(db: Database, clock: ManualClock, user_id: str) -> erasures.Receipt:
    """Delete the account, as the person."""
    async with db.write() as connection:
        found = await erasures.begin(connection, user_id, clock.now(), f"person:{user_id}")
    assert found is not None
    return found
