"""Everything that writes a person's list at once, from two processes' pools, on a real PostgreSQL.

Whoever locked rows in another order than the person first would end in a deadlock, and a whole
batch of reactions with it.
"""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import select

from oo.domain.rewards import Action
from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.kit.errors import Conflict, Gone, NotFound
from oo.kit.settings import Settings
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import tasks, users
from oo.store.database import Database
from oo.store.tables import feedback
from tests.contracts.two_stores import address, stores
from tests.peers.store import add_person, tick_off
from tests.unit.recommend.conftest import candidate, clock, serve_tip

__all__ = ["address", "clock", "stores"]
ROUNDS = 60
PEOPLE = ("ada", "bob", "eve")
EXPECTED = (Conflict, Gone, NotFound)  # undone too late, on top of a reaction, or not connected
pytestmark = pytest.mark.timeout(300)


def listed(random: Random) -> bytes:
    """Some of twelve tasks, in any order, one of them finished."""
    names = random.sample(range(12), 8)
    return "\n".join(f"- [{'x' if n == names[0] else ' '}] Task {n}" for n in names).encode()


async def test_no_order_of_writers_ends_in_a_deadlock(
    stores: tuple[Database, Database],
    clock: ManualClock,
    tmp_path: Path,
) -> None:
    random, acknowledged = Random(7), dict[str, str]()
    here, there = stores
    settings = Settings(data_dir=tmp_path)
    sides = [Integrations.of(settings, store, clock) for store in stores]
    borders = [Reactions(store, clock) for store in stores]
    people = [await add_person(here, clock, name) for name in PEOPLE]

    async def react(user: str) -> None:
        async with here.read() as connection:
            found = await tasks.list_open(connection, user)
        task_id = random.choice(found).id if found else None
        shown = candidate(clock, task_id)
        tip, key = await serve_tip(here, clock, user, shown), uuid4().hex
        action = random.choice((Action.DONE, Action.SNOOZE, Action.DISMISS))
        request = ReactionRequest(user, tip, action, 900, key)
        await random.choice(borders).accept(request)
        acknowledged[key] = user

    async def import_list(user: str) -> None:
        await random.choice(sides).import_file(user, "list.md", listed(random))

    async def undo(user: str) -> None:
        await random.choice(sides).undo_import(user)

    async def complete(user: str) -> None:
        async with there.read() as connection:
            found = await tasks.list_open(connection, user)
        if found:
            await tick_off(random.choice(stores), clock, user, random.choice(found).id)

    async def disconnect(user: str) -> None:
        await random.choice(sides).disconnect(user, "file")

    async def move(user: str) -> None:
        async with there.write() as connection:
            await users.set_timezone(connection, user, random.choice(("UTC", "Asia/Tokyo")))

    for number in range(ROUNDS):
        writers: list[Awaitable[None]] = []
        for user in people:
            writers += [react(user), react(user), import_list(user), complete(user), move(user)]
            writers.append(disconnect(user) if number % 9 == 8 else undo(user))
        random.shuffle(writers)
        for outcome in await asyncio.gather(*writers, return_exceptions=True):
            assert outcome is None or isinstance(outcome, EXPECTED), repr(outcome)
    async with here.read() as connection:
        rows = (await connection.execute(select(feedback.c.idempotency_key))).scalars().all()
    assert sorted(rows) == sorted(acknowledged)
    assert len(acknowledged) == ROUNDS * len(PEOPLE) * 2
