"""A store of its own for each test, and a clock that stands still."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oo.kit.clock import ManualClock
from oo.store.database import Database
from tests.peers.store import fresh_store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as db:
        yield db
