"""A store is brought to this release's shape while others use it: by one, soon, and additively."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.errors import ConfigurationError
from oo.store import migrate as migrating
from oo.store.database import Database
from oo.store.migrate import MIGRATIONS, differences, migrate
from tests.peers.postgres import new_database
from tests.peers.tables import SQLITE

BEFORE = "0020"  # the next one changes the table of people
BESIDE_SINCE = "0020"  # from here on, the release before goes on with the new shape
SCRIPTS = ScriptDirectory(MIGRATIONS)
AT_ONCE = 4
AT_MOST_S = 3.0  # half a second, on a busy machine


@pytest.fixture
async def server(postgres_server: str) -> AsyncIterator[Database]:
    """An empty PostgreSQL database."""
    db = Database(await new_database(postgres_server))
    yield db
    await db.close()


@asynccontextmanager
async def reading(db: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction that has read people and is not over."""
    async with db._writer.connect() as connection:
        await connection.execute(text("SELECT count(*) FROM users"))
        yield connection
        await connection.rollback()


async def test_several_hosts_that_start_at_once_migrate_once(server: Database) -> None:
    hosts = [Database(server.url) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*(migrate(it) for it in hosts))
    finally:
        for one in hosts:
            await one.close()
    assert await differences(server) == []


async def test_nobody_waits_for_long_behind_a_migration_that_waits(server: Database) -> None:
    await migrate(server, BEFORE)
    slowest = 0.0
    async with reading(server):
        task = asyncio.create_task(migrate(server))
        end = time.monotonic() + 3 * migrating.WAITS_MS / 1000
        while time.monotonic() < end:
            began = time.monotonic()
            async with server.read() as connection:
                await connection.execute(text("SELECT count(*) FROM users"))
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.02)
        assert not task.done()
    await task
    assert slowest < AT_MOST_S
    assert await differences(server) == []


async def test_a_table_that_is_never_free_is_named_as_the_reason(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(server, BEFORE)
    monkeypatch.setattr(migrating, "PATIENCE_S", 0.0)
    async with reading(server):
        with pytest.raises(ConfigurationError, match="pg_stat_activity"):
            await migrate(server)


async def test_a_store_in_shape_is_left_alone_whoever_holds_it(server: Database) -> None:
    await migrate(server)
    async with server.write() as connection:
        await connection.execute(text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(:it)"), {"it": migrating.ONE_AT_A_TIME}
        )
        async with asyncio.timeout(30):
            await migrate(server)


async def test_a_store_of_a_newer_release_is_refused_in_words(tmp_path: Path) -> None:
    db = Database(f"{SQLITE}{tmp_path / 'newer.db'}")
    try:
        await migrate(db, "0001")
        async with db.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
        with pytest.raises(ConfigurationError, match="newer release"):
            await migrate(db)
    finally:
        await db.close()


def shape(sync: Connection) -> dict[tuple[str, str], tuple[bool, bool]]:
    """Every column by table and name: whether it may be empty, and whether it has a default."""
    found = inspect(sync)
    return {
        (table, it["name"]): (it["nullable"], it["default"] is not None)
        for table in found.get_table_names()
        for it in found.get_columns(table)
    }


async def shape_of(db: Database) -> dict[tuple[str, str], tuple[bool, bool]]:
    async with db.read() as connection:
        return await connection.run_sync(shape)


async def test_what_the_release_before_reads_and_writes_is_there_after_each_migration(
    tmp_path: Path,
) -> None:
    """Else its processes fail while they run beside the new ones: take away in a later release."""
    newest_first = [it.revision for it in SCRIPTS.walk_revisions()]
    later = list(reversed(newest_first[: newest_first.index(BESIDE_SINCE)]))
    assert later
    db = Database(f"{SQLITE}{tmp_path / 'store.db'}")
    try:
        await migrate(db, BESIDE_SINCE)
        for revision in later:
            before = await shape_of(db)
            await migrate(db, revision)
            assert broken(before, await shape_of(db)) == [], revision
    finally:
        await db.close()


def broken(
    before: dict[tuple[str, str], tuple[bool, bool]],
    after: dict[tuple[str, str], tuple[bool, bool]],
) -> list[str]:
    """What a program of before would stumble over."""
    tables = {table for table, _ in before}
    gone = [f"{table}.{name} is gone" for table, name in before if (table, name) not in after]
    asked = [
        f"{table}.{name} must be given"
        for (table, name), (may_be_empty, has_default) in after.items()
        if table in tables
        and not (may_be_empty or has_default)
        and (before.get((table, name), (True, True)) != (False, False))
    ]
    return gone + asked


def test_a_column_that_goes_and_one_that_must_be_given_are_found() -> None:
    before = {("users", "name"): (True, False), ("users", "id"): (False, False)}
    after = {("users", "id"): (False, False), ("users", "rank"): (False, False)}
    assert broken(before, after) == ["users.name is gone", "users.rank must be given"]
    assert broken(before, {**before, ("devices", "id"): (False, False)}) == []
