"""Long lists: how much is kept, and that nobody waits for somebody else's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oo.integrations.import_plans import MAX_SIGNALS
from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.kit.errors import TooLarge
from oo.kit.settings import Settings
from oo.store import tasks
from oo.store.database import Database
from tests.peers.store import add_person, fresh_store

CLOCK = ManualClock(datetime(2026, 11, 25, 12, tzinfo=UTC))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


def listed(count: int, words: str = "Task") -> bytes:
    return "\n".join(f"- [ ] {words} number {n}" for n in range(count)).encode()


async def open_tasks(db: Database, user: str) -> int:
    async with db.read() as connection:
        return len(await tasks.list_open(connection, user))


async def test_more_than_oo_keeps_is_refused_and_changes_nothing(
    db: Database, tmp_path: Path
) -> None:
    user = await add_person(db, CLOCK)
    integrations = Integrations.of(Settings(data_dir=tmp_path), db, CLOCK)
    for name in ("a.md", "b.md"):
        await integrations.import_file(user, name, listed(MAX_SIGNALS // 2, name))
    assert await open_tasks(db, user) == MAX_SIGNALS
    with pytest.raises(TooLarge, match="would then hold 10,001 entries; oO keeps 10,000"):
        await integrations.import_file(user, "c.md", listed(1, "c"))
    assert await open_tasks(db, user) == MAX_SIGNALS
    await integrations.import_file(user, "b.md", b"- [x] b.md number 0\n- [ ] b.md number 1")
    await integrations.import_file(user, "c.md", listed(1, "c"))


async def test_others_get_their_turn_while_a_long_list_is_taken(
    db: Database, tmp_path: Path
) -> None:
    ada, bob = await add_person(db, CLOCK), await add_person(db, CLOCK, "bob")
    integrations = Integrations.of(Settings(data_dir=tmp_path), db, CLOCK)
    await integrations.import_file(bob, "b.md", listed(5))
    importing = asyncio.create_task(integrations.import_file(ada, "a.md", listed(3000)))
    looks = 0
    while not importing.done():
        assert await open_tasks(db, bob) == 5
        looks += await open_tasks(db, ada) == 0  # all of it or nothing
        await asyncio.sleep(0)
    assert (await importing).tasks == 3000
    assert looks > 3000 / 200  # a turn after every slice
