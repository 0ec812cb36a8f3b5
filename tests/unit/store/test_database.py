"""The store: migrations, transactions, and writers of several processes in turn."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from oo.kit.clock import SystemClock
from oo.store import tables
from oo.store.database import Database
from oo.store.migrate import differences, migrate
from tests.peers.store import add_person

WRITER = """
import asyncio, sys
from sqlalchemy import insert
from oo.kit.clock import SystemClock
from oo.store import tables
from oo.store.database import Database

async def main(url, user):
    db = Database(url)
    for _ in range(25):
        row = {"user_id": user, "subject": "s", "payload": {}, "created_at": SystemClock().now()}
        async with db.write() as connection:
            await connection.execute(insert(tables.outbox), [row])
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    store = Database(f"sqlite+aiosqlite:///{tmp_path / 'oo.db'}")
    await migrate(store)
    yield store
    await store.close()


async def messages(db: Database) -> int:
    async with db.read() as connection:
        query = select(func.count()).select_from(tables.outbox)
        found: int = (await connection.execute(query)).scalar_one()
    return found


async def test_the_migrated_store_is_what_the_tables_say(db: Database) -> None:
    assert await differences(db) == []
    await migrate(db)
    assert await differences(db) == []


async def test_commits_survive_a_power_cut(db: Database) -> None:
    async with db.write() as connection:
        mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one()
        synchronous = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one()
    assert (mode, synchronous) == ("wal", 2)  # 2 is FULL


async def test_a_block_that_raises_changes_nothing(db: Database) -> None:
    user = await add_person(db, SystemClock())
    row = {"user_id": user, "subject": "s", "payload": {}, "created_at": SystemClock().now()}

    async def fail() -> None:
        async with db.write() as connection:
            await connection.execute(insert(tables.outbox), [row])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await messages(db) == 0


async def test_a_cancelled_writer_leaves_the_store_usable(db: Database) -> None:
    user = await add_person(db, SystemClock())
    row = {"user_id": user, "subject": "s", "payload": {}, "created_at": SystemClock().now()}

    async def write(forever: bool) -> None:
        async with db.write() as connection:
            await connection.execute(insert(tables.outbox), [row])
            if forever:
                await asyncio.Event().wait()

    hanging = asyncio.create_task(write(forever=True))
    waiting = asyncio.create_task(write(forever=False))
    for _ in range(20):
        await asyncio.sleep(0)
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    await waiting
    assert await messages(db) == 1


async def test_a_writer_cancelled_twice_while_it_waits_for_another_process_leaves_no_lock(
    db: Database,
) -> None:
    other = Database(db.url)
    async with other.write():
        waiting = asyncio.create_task(add_person(db, SystemClock()))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5):
        await add_person(other, SystemClock())
    await other.close()


async def test_processes_write_in_turn_and_lose_nothing(db: Database) -> None:
    user = await add_person(db, SystemClock())
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, db.url, user)
        for _ in range(3)
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    assert await messages(db) == 75


async def test_reactions_of_an_earlier_release_are_kept(tmp_path: Path) -> None:
    store = Database(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    try:
        await migrate(store, "0001")
        user, at = "u", "2026-11-01 08:00:00.000000"
        async with store.write() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO users (id, provider, subject, email, name, created_at)"
                " VALUES (?, 'local', 'owner', '', 'You', ?)",
                (user, at),
            )
            await connection.exec_driver_sql(
                "INSERT INTO tip_scores VALUES ('t', ?, ?, 'task', 'x', 'llm', 'm', 'v', 0.5, NULL,"
                " '[]', 0, 'random', '1', 1, 0, 1.0, '[]', '[]', '{}', NULL, 1.0)",
                (user, at),
            )
            await connection.exec_driver_sql(
                "INSERT INTO feedback VALUES (?, 1, 't', 'done', 1, 1.0, 0, '{}', 'k', ?)",
                (user, at),
            )
            await connection.exec_driver_sql(
                "INSERT INTO user_models VALUES (?, 'random', x'00', 1, ?)", (user, at)
            )
        await migrate(store)
        assert await differences(store) == []
        async with store.read() as connection:
            row = (await connection.execute(select(tables.feedback))).one()
            models = (await connection.execute(select(tables.user_models))).all()
        assert models == []  # encoded as they were before; the log holds what they said
        assert (row.reward, row.revision, row.replaces) == (1.0, 0, None)
        assert row.learned_at == row.created_at
    finally:
        await store.close()
