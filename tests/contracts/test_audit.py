"""The audit log on SQLite and on a real PostgreSQL: nobody alters it unnoticed."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from oo.domain.policies import PolicyRef
from oo.identity.local import create_login_link, create_script_session, use_login_link
from oo.jobs.periodic import keep_audit_head
from oo.kit.clock import ManualClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import adapters, audit, policies, prompts
from oo.store.adapters import AdapterChange
from oo.store.audit import Broken, Entry, Head
from oo.store.database import Database
from oo.store.policies import Change
from oo.store.prompts import PromptChange
from oo.vault.audit_head import AuditHead, check
from oo.vault.keyring import Keyring
from tests.peers import both_stores

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
postgres_url, address = both_stores.postgres_url, both_stores.address
db = both_stores.migrated


@pytest.fixture
def kept(tmp_path: Path) -> AuditHead:
    return AuditHead(tmp_path, Keyring({"test": bytes(32)}))


def entry(number: int) -> Entry:
    whom = f"person:{number}"
    after = {"role": "admin", "ö": 1.0, "is": True, "none": None}
    return Entry("operator:ada", "role.grant", whom, NOW, "a test", {"role": "person"}, after)


async def add(db: Database, *numbers: int) -> None:
    for number in numbers:
        async with db.write() as connection:
            await audit.append(connection, entry(number))


async def tamper(db: Database, statement: str) -> None:
    """What somebody could do who owns the database: without the triggers."""
    async with db.write() as connection:
        if db.is_sqlite:
            await connection.execute(text("DROP TRIGGER IF EXISTS audit_refuses_update"))
            await connection.execute(text("DROP TRIGGER IF EXISTS audit_refuses_delete"))
        else:
            await connection.execute(text("DROP TRIGGER IF EXISTS audit_refuses ON audit"))
        await connection.execute(text(statement))


async def verified(db: Database, head: Head | None = None) -> Head | Broken:
    async with db.read() as connection:
        return await audit.verify(connection, head)


async def test_a_row_comes_back_as_it_was_written(db: Database) -> None:
    assert await verified(db) == Head(0, audit.GENESIS)
    await add(db, 1, 2)
    async with db.read() as connection:
        two, one = await audit.newest(connection, 9)
        assert [link.entry for link in (one, two)] == [entry(1), entry(2)]
        assert [link.id for link in await audit.newest(connection, 9, whom="person:2")] == [2]
        assert await audit.newest(connection, 9, action="role_") == []
    assert await verified(db) == Head(2, two.hash)


@pytest.mark.parametrize("statement", ["UPDATE audit SET why = 'x'", "DELETE FROM audit"])
async def test_the_store_refuses_to_change_it(db: Database, statement: str) -> None:
    await add(db, 1)
    for table in [statement] if db.is_sqlite else [statement, "TRUNCATE audit"]:
        with pytest.raises(DBAPIError, match="append-only"):
            async with db.write() as connection:
                await connection.execute(text(table))
    assert isinstance(await verified(db), Head)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET why = 'x' WHERE id = 2", 2),
        ("UPDATE audit SET at = '2026-11-22 09:00:00+00:00' WHERE id = 3", 3),
        ("UPDATE audit SET after = '{}' WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 2", 2),
        ("UPDATE audit SET id = 9 WHERE id = 3", 3),
        ("INSERT INTO audit SELECT 5, at, actor, action, whom, why, before, after, hash FROM audit"
         " WHERE id = 4", 5),
    ],
)  # fmt: skip
async def test_what_was_altered_is_named(db: Database, statement: str, broken: int) -> None:
    await add(db, 1, 2, 3, 4)
    await tamper(db, statement)
    found = await verified(db)
    assert isinstance(found, Broken)
    assert found.id == broken


async def test_a_log_cut_at_its_end_is_noticed(db: Database, kept: AuditHead) -> None:
    await add(db, 1, 2, 3)
    assert await keep_audit_head.run(db, kept) == 1
    await tamper(db, "DELETE FROM audit WHERE id > 1")
    assert isinstance(await verified(db), Head)
    assert await check(db, kept) == Broken(2, "it is missing: the head kept elsewhere is 3")
    assert await keep_audit_head.run(db, kept) == 0
    await add(db, 4, 5, 6)
    assert isinstance(await check(db, kept), Broken)
    assert isinstance(await verified(db), Head)


async def test_writers_at_once_make_one_chain(db: Database, address: str) -> None:
    other = Database(address)
    await asyncio.gather(*(add(each, n) for n in range(10) for each in (db, other)))
    head = await verified(db)
    assert isinstance(head, Head)
    assert head.id == 20
    await other.close()


async def test_what_is_rolled_back_leaves_no_row(db: Database) -> None:
    async def fail() -> None:
        async with db.write() as connection:
            await audit.append(connection, entry(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await verified(db) == Head(0, audit.GENESIS)


async def test_changes_of_roles_and_links_of_the_operator_are_in_it(db: Database) -> None:
    clock, settings = ManualClock(NOW), Settings()
    async with db.write() as connection:
        change = Change(PolicyRef("random", "1"), "shadow", "ada", "look", {"big": [1]}, NOW)
        await policies.record(connection, change)
        await prompts.record(connection, PromptChange("v2", "challenger", 0.1, "ada", "", {}, NOW))
        await adapters.record(connection, AdapterChange("tip", "a@1", "promoted", "b", "", {}, NOW))
    token = (await create_login_link(db, settings, clock)).rpartition("/")[2]
    await use_login_link(db, settings, clock, token)
    await create_script_session(db, settings, clock, "ada@example.org")
    async with db.read() as connection:
        found = [link.entry for link in await audit.newest(connection, 9)][::-1]
    assert [it.action for it in found] == [
        "policy.shadow",
        "prompt.challenger",
        "adapter.promoted",
        "login_link.make",
        "login_link.use",
        "script_session.make",
    ]
    assert (found[0].actor, found[0].whom, found[0].why) == (
        "operator:ada",
        "policy:random@1",
        "look",
    )
    assert token not in repr(found)
    assert "example.org" not in repr(found)


def test_the_head_is_signed(tmp_path: Path, kept: AuditHead) -> None:
    assert kept.read() is None
    kept.write(Head(7, "ab"))
    assert kept.read() == Head(7, "ab")
    path = tmp_path / "audit.head"
    assert path.stat().st_mode & 0o777 == 0o600
    both = Keyring({"test": bytes(32), "new": b"n" * 32})
    AuditHead(tmp_path, both).sign_anew()
    assert AuditHead(tmp_path, Keyring({"new": b"n" * 32})).read() == Head(7, "ab")
    for text_ in (path.read_text().replace(":7", ":6"), "[]", ""):
        path.write_text(text_)
        with pytest.raises(ConfigurationError, match="altered"):
            AuditHead(tmp_path, both).read()
