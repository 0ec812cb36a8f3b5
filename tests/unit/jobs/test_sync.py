"""Background sync: one person's trouble is nobody else's, and everybody has their turn."""

import asyncio

import pytest

from oo.domain.pools import Ahead, Ended
from oo.domain.signals import Broken
from oo.jobs.periodic import sync
from oo.kit.clock import ManualClock
from oo.store import connections
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.database import Database
from tests.peers.store import add_person


class Sources:
    """Sources that remember who was read, and fail for some."""

    def __init__(self, **failures: Exception) -> None:
        self.failures = failures
        self.read: list[str] = []
        self.at_once = self.most_at_once = 0

    async def sync(self, user_id: str) -> bool:
        self.read.append(user_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if user_id in self.failures:
            raise self.failures[user_id]
        return True


class Pools:
    """Remembers whose pools are to be filled soon."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    async def is_ready(self) -> bool:
        return True

    async def fill(self, user_id: str) -> None: ...

    async def fill_ahead(self, user_id: str, turn: Ahead) -> Ended:
        return Ended.MADE

    def behind(self, user_id: str) -> None:
        self.noted.append(user_id)


async def connected(db: Database, clock: ManualClock, count: int, source: str) -> list[str]:
    people = []
    for number in range(count):
        user = await add_person(db, clock, f"{source}-{number}")
        async with db.write() as connection:
            row = ConnectionRow(source, "a", CONNECTED, b"sealed", clock.now(), None, None)
            await connections.put(connection, user, row)
        people.append(user)
    return people


async def test_one_persons_unexpected_error_stops_nobody_else(
    db: Database, clock: ManualClock
) -> None:
    people = await connected(db, clock, 5, "todoist")
    sources = Sources(**{people[0]: RuntimeError("?"), people[1]: Broken("Never.")})
    assert await sync.run(db, clock, sources, Pools()) == 5
    assert sorted(sources.read) == sorted(people)
    assert 1 < sources.most_at_once <= sync.AT_ONCE


async def test_people_who_cannot_be_read_do_not_starve_the_others(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "BATCH", 3)
    gone = await connected(db, clock, 3, "gone")  # a source that is no longer configured
    fine = await connected(db, clock, 3, "todoist")
    sources = Sources(**{user: RuntimeError("?") for user in gone})
    for _ in range(2):
        await sync.run(db, clock, sources, Pools())
    assert sorted(sources.read) == sorted(gone + fine)
    assert await sync.run(db, clock, sources, Pools()) == 0
    clock.advance(sync.EVERY.total_seconds() + 1)
    assert await sync.run(db, clock, sources, Pools()) == 3


async def test_what_has_changed_at_a_source_is_told_to_whoever_fills_pools(
    db: Database, clock: ManualClock
) -> None:
    people = await connected(db, clock, 3, "todoist")
    pools = Pools()
    await sync.run(db, clock, Sources(**{people[0]: Broken("Never.")}), pools)
    assert sorted(pools.noted) == sorted(people[1:])
