"""Words of people are in the clear in no table: one sealed blob per row, on both stores."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, String, Text, select, update

from oo.domain.claims import Claim, Fact
from oo.domain.consents import POOLING
from oo.domain.decisions import Decision
from oo.domain.signals.kinds.note import Note
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.jobs.sealing import seal_words
from oo.kit.clock import ManualClock, SystemClock
from oo.store import (
    beside,
    candidates,
    connections,
    decisions,
    forget,
    last_imports,
    resealing,
    signals,
    tasks,
    writings,
)
from oo.store.connections import ConnectionRow
from oo.store.database import Database
from oo.store.last_imports import LastImport
from oo.store.resealing import seal_page, sealed_tables
from oo.store.sealing import SEALED, NoVault, sealing_of, words_of
from oo.store.tables import metadata
from oo.vault.seal import SealError
from oo.vault.service import Vault
from tests.contracts.rows_of_all import fill_all
from tests.peers import both_stores
from tests.peers.store import add_person, say
from tests.peers.vault import KEYRING

postgres_url, address, db = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.migrated,
)

CANARY = "Zanzibar-Kanarie"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)

# Texts and numbers of people's tables that stay readable, and why; short codes and ids need no
# word here, see `_may_say_something`.
IN_THE_CLEAR = {
    "users.email": "finds the person for the operator; gone at once when they leave",
    "users.name": "as the address",
    "identities.issuer": "which provider",
    "identities.subject": "finds the person when they sign in; a provider's number",
    "identities.email": "as the address",
    "sessions.user_agent": "the kind of browser; ends with the session",
    "passkeys.name": "what the person calls a device; until they remove it",
    "tasks.id": "a hash or a provider's number, never a title",
    "tasks.external_id": "as the id",
    "signals.id": "as a task's",
    "signals.external_id": "as the id",
    "candidates.task_id": "as the id",
    "candidates.model": "the name of a model",
    "tip_scores.task_id": "as the id",
    "tip_scores.model": "the name of a model",
    "tip_scores.candidate_ids": "ids",
    "tip_scores.propensities": "numbers",
    "tip_scores.scores": "numbers",
    "shadow_scores.propensities": "numbers",
    "shadow_scores.scores": "numbers",
    "feedback.features": "numbers",
    "feedback.idempotency_key": "a program's random key",
    "profiles.values": "numbers",
    "connections.error": "a sentence of this software",
    "connections.cursor": "a provider's mark of how far it was read",
    "outbox.subject": "what kind of errand",
    "outbox.payload": "ids, dates, numbers, and grants that are sealed",
    "outbox.error": "a sentence of this software",
    "model_calls.model": "the name of a model",
    "events.id": "an id",
    "delivery_decisions.propensities": "numbers",
    "delivery_decisions.scores": "numbers",
    "delivery_moments.hours": "numbers",
    "delivery_rewards.features": "numbers",
    "devices.name": "the kind of browser; until the person removes it",
    "events.subject": "what kind of fact",
    "events.payload": "ids, numbers and references, see `docs/events.md`",
}


def test_each_text_of_people_is_sealed_or_stays_readable_for_a_reason() -> None:
    """A new column that may hold words is marked with `words()`, or named here with a reason."""
    found = set()
    for table in metadata.sorted_tables:
        if "user_id" not in table.c and table.name != "users":
            continue
        words = sealing_of(table).blanks
        assert bool(words) == (SEALED in table.c), table.name
        found |= {
            f"{table.name}.{column.name}"
            for column in table.c
            if column.name not in words and _may_say_something(column.type)
        }
    assert found == set(IN_THE_CLEAR)


def _may_say_something(kind: Any) -> bool:
    if isinstance(kind, JSON | Text):
        return True
    return isinstance(kind, String) and (kind.length is None or kind.length > 64)


async def fill(db: Database, clock: ManualClock) -> str:
    """A person with the canary wherever the store lets somebody put words."""
    ada = await add_person(db, clock)
    note = Note("n:1", "n", "1", f"{CANARY} note", clock.now())
    task = Task("file:1", "file", "1", f"{CANARY} title", labels=(CANARY,), project=CANARY)
    tip = TipCandidate(
        "c" * 32, TipKind.TASK, f"{CANARY} tip", "llm", "m", "p", 0.8, task.id, clock.now(),
        clock.now() + timedelta(hours=3), (Claim(Fact.PRIORITY, task.id, value=1),),
    )  # fmt: skip
    async with db.write() as connection:
        await say(connection, ada, POOLING, clock.now())
        await tasks.put(connection, ada, [task], clock.now())
        await signals.put(connection, ada, [note], clock.now())
        row = ConnectionRow("file", f"{CANARY}@example", "connected", None, clock.now(), None, None)
        await connections.put(connection, ada, row)
        before = await last_imports.rows(connection, ada, [last_imports.Key("task", task.id)])
        assert CANARY in str(before)
        undo = LastImport(clock.now(), clock.now() + timedelta(minutes=9), before, {}, (), None)
        await last_imports.put_written(connection, ada, "file", last_imports.written(undo))
        await candidates.replace(connection, ada, "key", [tip], clock.now())
        told = [{"role": "user", "content": f"{CANARY} prompt"}]
        await writings.keep(
            connection, ada, [writings.Writing(tip.id, told, 0, f"{CANARY} said")], clock.now()
        )
    async with db.write_hot() as connection:
        await decisions.append(connection, [_decision(ada, tip, clock.now())])
    return ada


def _decision(user_id: str, tip: TipCandidate, now: datetime) -> Decision:
    rest = (0, "p", "1", 1, 0, [1.0], [0.0], {"a": [1.0]}, None, 1.0)
    return Decision("d" * 32, user_id, now, tip, [tip.id], *rest)  # type: ignore[arg-type]


async def in_the_clear(db: Database) -> list[str]:
    """Where the canary is in what the store holds."""
    found = []
    async with db.read() as connection:
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).mappings():
                found += [
                    f"{table.name}.{name}" for name, value in row.items() if CANARY in _text(value)
                ]
    return found


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


async def read(db: Database, user_id: str) -> list[Any]:
    """All words of the person, as the application reads them."""
    async with db.read() as connection:
        stored = await tasks.get(connection, user_id, "file:1")
        assert stored is not None
        known = await beside.load(connection, [user_id], NOW, ["file:1"])
        last = await last_imports.get(connection, user_id, "file")
        row = await connections.get(connection, user_id, "file")
        tip_id = await decisions.latest(connection, user_id)
        assert last is not None
        assert row is not None
        assert tip_id is not None
        shown = await decisions.find(connection, tip_id, user_id)
        assert shown is not None
        pool = (await candidates.live(connection, [user_id], NOW))[user_id]
        return [
            stored.task,
            await tasks.list_open(connection, user_id),
            await tasks.open_ones(connection, user_id, ["file:1"]),
            await tasks.titles(connection, user_id, ["file:1"]),
            (await tasks.lists(connection, [user_id]))[user_id],
            (await tasks.list_of_source(connection, user_id, "file"))["file:1"].task,
            known[user_id].labels,
            await signals.list_of_source(connection, user_id, "n"),
            (await signals.current(connection, [user_id], NOW))[user_id],
            [(it.candidate, it.task) for it in pool],
            await candidates.said(connection, user_id, "key"),
            await decisions.heard(connection, user_id, NOW + timedelta(seconds=1)),
            shown.content,
            last.before,
            row.account,
        ]  # fmt: skip


async def test_the_canary_is_in_no_table_and_is_read_again(db: Database) -> None:
    ada = await fill(db, ManualClock(NOW))
    assert await in_the_clear(db) == []
    for words in await read(db, ada):
        assert CANARY in str(words)
    other = Database(db.url, Vault(KEYRING, SystemClock()))  # another process, with cold caches
    assert str(await read(other, ada)) == str(await read(db, ada))
    await other.close()
    if db.is_sqlite:
        files = [Path(db.url.partition("///")[2] + end) for end in ("", "-wal")]
        assert files[1].stat().st_size > 0
        assert not [file for file in files if CANARY.encode() in file.read_bytes()]


async def unsealed(db: Database) -> None:
    """Put the words back into the clear, as an earlier release had them."""
    async with db.write() as connection:
        for table in sealed_tables():
            for row in (await connection.execute(select(table))).mappings().all():
                if row[SEALED] is None:
                    continue
                keys = await words_of(connection, [row["user_id"]])
                words = keys.of(table, row["user_id"], row[SEALED])
                mine = [column == row[column.name] for column in table.primary_key]
                await connection.execute(update(table).where(*mine).values({**words, SEALED: None}))


async def test_rows_of_before_are_read_as_they_are_until_they_are_sealed(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await fill(db, ManualClock(NOW))
    before = str(await read(db, ada))
    await unsealed(db)
    assert {it.partition(".")[0] for it in await in_the_clear(db)} == {
        table.name for table in sealed_tables()
    }
    assert str(await read(db, ada)) == before
    monkeypatch.setattr(resealing, "PAGE", 1)
    assert await seal_words(db) == len(sealed_tables())
    assert await in_the_clear(db) == []
    assert str(await read(db, ada)) == before
    assert await seal_words(db) == 0
    if db.is_sqlite:
        files = [Path(db.url.partition("///")[2] + end) for end in ("", "-wal")]
        await seal_words(db, whole=True)
        assert not [file for file in files if CANARY.encode() in file.read_bytes()]


async def test_sealing_may_be_cut_off_and_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "PAGE", 2)
    monkeypatch.setattr(resealing, "STRIDE", 3)
    async with db.write() as connection:
        await fill_all(connection, "ada" + "0" * 29, 5)
    await unsealed(db)
    table = metadata.tables["tasks"]
    first = await seal_page(db, table)
    assert first.sealed == 2
    assert first.last is not None
    async with db.write() as connection:  # erased meanwhile
        await connection.execute(table.delete().where(table.c.id > first.last[1]))
    assert await seal_words(db) > 0
    async with db.read() as connection:
        for table in sealed_tables():
            rows = (await connection.execute(select(table))).mappings().all()
            assert rows
            assert all(row[SEALED] for row in rows)
            blanks = sealing_of(table).blanks
            assert all(row[name] == blanks[name] for row in rows for name in blanks)


async def test_a_blob_opens_in_its_own_table_and_for_its_own_person_alone(db: Database) -> None:
    clock = ManualClock(NOW)
    ada = await fill(db, clock)
    bob = await add_person(db, clock, "bob")
    t, c = metadata.tables["tasks"], metadata.tables["candidates"]
    async with db.write() as connection:
        await tasks.put(connection, bob, [Task("file:1", "file", "1", "mine")], NOW)
        await tasks.list_open(connection, ada)  # what was opened is at hand, for its owner
        of_ada = (await connection.execute(select(t.c.sealed).where(t.c.user_id == ada))).scalar()
        await connection.execute(update(t).where(t.c.user_id == bob).values(sealed=of_ada))
        await connection.execute(update(c).where(c.c.user_id == ada).values(sealed=of_ada))
    async with db.read() as connection:
        with pytest.raises(SealError):
            await tasks.list_open(connection, bob)
        with pytest.raises(SealError):
            await candidates.live(connection, [ada], NOW)


async def test_words_that_were_erased_are_neither_there_nor_sealed(db: Database) -> None:
    ada = await fill(db, ManualClock(NOW))
    t = metadata.tables["tip_scores"].c
    async with db.write() as connection:
        await forget.what_was_said_of(connection, ada, "file")
    async with db.read() as connection:
        rows = await connection.execute(select(t.content, t.sealed))
        assert [tuple(row) for row in rows] == [("", None)]
        assert await decisions.heard(connection, ada, NOW + timedelta(seconds=1)) == []
    assert await seal_words(db) == 0


async def test_a_key_of_a_transaction_that_was_undone_seals_nothing(db: Database) -> None:
    """A key that is kept although no row has it would seal what nobody opens again."""
    clock = ManualClock(NOW)
    ada = await add_person(db, clock)
    task = Task("file:1", "file", "1", CANARY)
    with suppress(InterruptedError):
        async with db.write() as connection:
            await tasks.put(connection, ada, [task], NOW)
            assert await tasks.titles(connection, ada, ["file:1"]) == {"file:1": CANARY}
            raise InterruptedError
    async with db.write() as connection:
        await tasks.put(connection, ada, [task], NOW)
    other = Database(db.url, Vault(KEYRING, SystemClock()))
    async with other.read() as connection:
        assert await tasks.titles(connection, ada, ["file:1"]) == {"file:1": CANARY}
    await other.close()


async def test_without_a_vault_words_are_neither_written_nor_read(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await fill(db, ManualClock(NOW))
    blind = Database(db.url)
    blind.sealer = None
    blind._reader.sync_engine.update_execution_options(oo_sealer=None)
    async with blind.read() as connection:
        with pytest.raises(NoVault):
            await tasks.list_open(connection, ada)
    await blind.close()
