"""SQL of the console: it reads, masks, ends in time, and nothing that is typed changes anything."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from oo.domain.console import Looker, admin_read
from oo.domain.roles import Role
from oo.kit.clock import SystemClock
from oo.kit.errors import OoError
from oo.store.adhoc import AdHoc
from oo.store.database import Database
from oo.store.masked import masked
from oo.store.readonly import ReadOnly, TooSlow
from oo.store.tables import metadata
from tests.contracts.rows_of_all import fill_all
from tests.peers import both_stores

postgres_url, address, with_tables = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.with_tables,
)
BY = admin_read(Looker("person:a", Role.ADMIN, "A", ZoneInfo("UTC"), ""))
ADA = "ada" + "0" * 29
BOMB = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
CHANGES = [
    f"{verb} {rest}"
    for verb, rest in (
        ("DELETE FROM", "users"),
        ("DELETE FROM", "audit"),
        ("UPDATE users SET", "role = 'admin'"),
        ("UPDATE audit SET", "why = ''"),
        ("INSERT INTO", "users (id) VALUES ('x')"),
        ("INSERT INTO users", "SELECT * FROM users"),
        ("REPLACE INTO", "users (id) VALUES ('x')"),
        ("DROP TABLE", "users"),
        ("DROP TABLE IF EXISTS", "tip_scores CASCADE"),
        ("DROP INDEX", "ix_users_email"),
        ("ALTER TABLE users", "ADD COLUMN x INTEGER"),
        ("ALTER TABLE users", "RENAME TO persons"),
        ("CREATE TABLE", "x (y INTEGER)"),
        ("CREATE TABLE x AS", "SELECT 1"),
        ("CREATE TEMP TABLE", "x (y INTEGER)"),
        ("CREATE TEMP TABLE x AS", "SELECT * FROM tasks"),
        ("CREATE VIEW x AS", "SELECT title FROM tasks"),
        ("CREATE TEMP VIEW x AS", "SELECT title FROM tasks"),
        ("CREATE INDEX", "x ON users (name)"),
        ("CREATE TRIGGER x AFTER INSERT ON users", "BEGIN SELECT 1; END"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS", "'SELECT 1'"),
        ("CREATE EXTENSION", "dblink"),
        ("CREATE ROLE", "evil SUPERUSER"),
        ("GRANT ALL ON", "users TO PUBLIC"),
        ("TRUNCATE", "users"),
        ("ATTACH DATABASE", "'/tmp/oo-hostile.db' AS x"),
        ("ATTACH DATABASE", "':memory:' AS x"),
        ("DETACH DATABASE", "main"),
        ("VACUUM", ""),
        ("VACUUM INTO", "'/tmp/oo-hostile.db'"),
        ("REINDEX", ""),
        ("ANALYZE", ""),
        ("PRAGMA", "query_only=OFF"),
        ("PRAGMA", "journal_mode=DELETE"),
        ("PRAGMA", "writable_schema=ON"),
        ("PRAGMA", "user_version=9"),
        ("PRAGMA", "table_info(users)"),
        ("PRAGMA", "database_list"),
        ("PRAGMA", "wal_checkpoint(TRUNCATE)"),
        ("BEGIN", ""),
        ("BEGIN", "EXCLUSIVE"),
        ("COMMIT", ""),
        ("ROLLBACK", ""),
        ("SAVEPOINT", "x"),
        ("SET", "statement_timeout = 0"),
        ("SET", "transaction_read_only = off"),
        ("SET SESSION CHARACTERISTICS AS", "TRANSACTION READ WRITE"),
        ("RESET", "ALL"),
        ("COPY users TO", "PROGRAM 'touch /tmp/oo-hostile'"),
        ("COPY users FROM", "'/etc/passwd'"),
        ("DO", "$$ BEGIN DELETE FROM users; END $$"),
        ("CALL", "f()"),
        ("LISTEN", "x"),
        ("NOTIFY", "x"),
        ("LOCK TABLE", "users"),
        ("PREPARE x AS", "DELETE FROM users"),
        ("EXECUTE", "x"),
        ("EXPLAIN ANALYZE", "DELETE FROM users"),
        ("WITH x AS (DELETE FROM users RETURNING id)", "SELECT * FROM x"),
        ("WITH x AS (UPDATE users SET role = 'admin' RETURNING id)", "SELECT id FROM x"),
        ("SELECT id INTO x", "FROM users"),
        ("SELECT id FROM users", "FOR UPDATE"),
        ("SELECT 1;", "DELETE FROM users"),
        ("SELECT 1; DROP TABLE users;", "--"),
        ("/* */", "DELETE FROM users"),
        ("SELECT load_extension(", "'/tmp/oo-hostile.so')"),
        ("SELECT writefile(", "'/tmp/oo-hostile', 'y')"),
        ("SELECT readfile(", "'/etc/passwd')"),
        ("SELECT edit(", "'x')"),
        ("SELECT randomblob(", "1000000000)"),
        ("SELECT zeroblob(", "2000000000)"),
        ("SELECT hex(", "zeroblob(900000000))"),
        ("SELECT fts3_tokenizer(", "'x')"),
        ("SELECT pg_sleep(", "60)"),
        ("SELECT pg_read_file(", "'/etc/passwd')"),
        ("SELECT pg_ls_dir(", "'/')"),
        ("SELECT pg_terminate_backend(", "pg_backend_pid())"),
        ("SELECT pg_reload_conf(", ")"),
        ("SELECT lo_import(", "'/etc/passwd')"),
        ("SELECT lo_create(", "0)"),
        ("SELECT set_config(", "'transaction_read_only', 'off', false)"),
        ("SELECT setval(", "'outbox_id_seq', 1)"),
        ("SELECT nextval(", "'outbox_id_seq')"),
        ("SELECT query_to_xml(", "'SELECT title FROM tasks', true, true, '')"),
        ("SELECT database_to_xml(", "true, true, '')"),
        ("SELECT table_to_xml(", "'tasks', true, true, '')"),
        ("SELECT dblink(", "'', 'DELETE FROM users')"),
        ("SELECT current_setting(", "'data_directory')"),
        ("SELECT pg_advisory_lock(", "1)"),
        ("SELECT txid_current(", ")"),
        ("SELECT pg_notify(", "'x', 'y')"),
        ("SELECT * FROM pg_shadow", ""),
        ("SELECT * FROM pg_stat_activity", ""),
        ("SELECT rolpassword FROM pg_authid", ""),
        ("SELECT * FROM", "pragma_table_info('users')"),
        ("SELECT * FROM", "pragma_database_list"),
        ("SELECT * FROM", "dbstat"),
        ("SELECT * FROM", "nothing"),
        ("SELECT", "(" * 400 + "1"),
        ("SELECT", " UNION ALL SELECT ".join(["1"] * 60) + " ORDER BY nothing"),
        ("SELECT generate_series(", "1, 1000000000)"),
        ("", ""),
        (";;", ""),
        ("SELECT '", ""),
        ("SELECT 1 \0", ""),
    )
]


@pytest.fixture
async def db(with_tables: Database) -> Database:
    async with with_tables.write() as connection:
        await fill_all(connection, ADA, 3)
    return with_tables


@pytest.fixture
async def sql(db: Database) -> AsyncIterator[AdHoc]:
    store = ReadOnly(db.url)
    yield AdHoc(store, SystemClock().monotonic)
    await store.close()


async def everything(db: Database) -> str:
    async with db.read() as connection:
        rows = [
            sorted(map(repr, await connection.execute(select(table))))
            for table in metadata.sorted_tables
        ]
    return sha256(repr(rows).encode()).hexdigest()


@pytest.mark.timeout(120)
async def test_a_hundred_hostile_statements_change_nothing_and_are_refused(
    db: Database, sql: AdHoc
) -> None:
    assert len(CHANGES) >= 100
    before = await everything(db)
    passed = []
    for statement in CHANGES:
        try:
            answer = await sql.ask(BY, statement, 1.0)
        except OoError:
            continue
        passed.append((statement, answer.rows[:2]))
    assert passed == []
    assert await everything(db) == before
    made = await asyncio.to_thread(lambda: list(Path("/tmp").glob("oo-hostile*")))
    assert made == []


async def test_what_takes_too_long_is_ended(sql: AdHoc) -> None:
    clock = SystemClock()
    begun = clock.monotonic()
    with pytest.raises(OoError):
        await sql.ask(BY, BOMB, 0.5)
    assert clock.monotonic() - begun < 5
    assert (await sql.ask(BY, "SELECT count(*) AS n FROM users")).rows == [[1]]


async def test_a_page_that_takes_too_long_is_told_so_and_holds_up_no_other(db: Database) -> None:
    store = ReadOnly(db.url)
    for _ in range(5):  # more often than there are connections
        with pytest.raises(TooSlow):
            async with store.read(0.2) as connection:
                await connection.execute(text(BOMB))
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == 1
    await store.close()


async def test_words_and_secrets_do_not_come_back(db: Database, sql: AdHoc) -> None:
    async with db.read() as connection:
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).mappings():
                for column, value in row.items():
                    found[column in masked()[table.name]].add(str(value))
    # some are ids elsewhere, where they may be seen
    secrets = {it for it in found[True] - found[False] if len(it) > 5}
    assert secrets
    for name, columns in masked().items():
        for column in columns:
            renamed = f"x FROM (SELECT {column} AS x FROM {name} LIMIT 9) AS y --"
            for asked in (renamed, f'"{column}"', f'lower("{column}")', f'max("{column}")', "*"):
                try:
                    answer = await sql.ask(BY, f"SELECT {asked} FROM {name}")
                except OoError:
                    continue
                told = repr(answer.rows)
                assert not [it for it in secrets if it in told], (name, asked)


async def test_it_answers_what_may_be_asked(sql: AdHoc) -> None:
    asked = "SELECT kind, count(*) AS n, round(avg(propensity)) AS p FROM tip_scores GROUP BY kind"
    answer = await sql.ask(BY, asked + ";")
    assert answer.columns == ["kind", "n", "p"]
    assert sum(row[1] for row in answer.rows) >= 1
    wide: list[Any] = (await sql.ask(BY, "SELECT id, email, role FROM users")).rows
    assert wide[0][0] == ADA


def test_what_is_not_known_to_be_harmless_is_masked() -> None:
    hidden = {f"{table}.{column}" for table, columns in masked().items() for column in columns}
    assert {
        "tasks.title",
        "tip_scores.content",
        "candidates.content",
        "signals.body",
        "sessions.token_hash",
        "connections.secret",
        "connections.account",
        "data_keys.wrapped",
        "machine_tokens.token_hash",
        "writings.messages",
        "outbox.payload",
    } - hidden == set()
    assert "users.email" not in hidden
