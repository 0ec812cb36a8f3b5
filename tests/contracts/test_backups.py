"""Backups under load and restores, on SQLite and on a real PostgreSQL."""

import asyncio
import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml.policies import policies
from oo.domain.tasks import Task
from oo.jobs.backups import Backups, Restored
from oo.jobs.erasing import erase_people
from oo.jobs.periodic import keep_erasure_log
from oo.kit.clock import ManualClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.recommend.learner import Learner
from oo.store import audit, data_keys, erasures, tasks, users
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from oo.store.key_copies import KeyCopy
from oo.store.migrate import differences, migrate
from oo.vault import sealed_files
from oo.vault.audit_head import AuditHead, check
from oo.vault.keyring import Keyring, key_file_ring, load_keyring
from oo.vault.service import Vault
from tests.contracts.test_erasing import rows_of
from tests.peers.postgres import empty_database
from tests.peers.store import add_person
from tests.unit.mlops.decision_logs import live

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
KEY = base64.b64encode(b"k" * 32).decode()
ROUNDS = 6
pytestmark = pytest.mark.timeout(300)


@dataclass
class Place:
    """A data folder with its store, and the commands of it."""

    settings: Settings

    @property
    def folder(self) -> Path:
        return self.settings.data_dir

    @property
    def log(self) -> ErasureLog:
        return ErasureLog(self.folder)

    def backups(self) -> Backups:
        return Backups(self.settings, load_keyring(self.settings), ManualClock(NOW), "operator:me")

    def make(self, name: str = "a.backup") -> Path:
        file = self.folder / name
        self.backups().make(file, lambda _: None)
        return file

    def restore(self, file: Path, log: ErasureLog, replace: bool = False) -> Restored:
        keys = KeyCopy(log.path.parent)
        return self.backups().restore(file, log, replace, lambda _: None, keys)

    def database(self) -> Database:
        return Database(self.settings.store_url, Vault.of(self.settings, ManualClock(NOW)))


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> list[Place]:
    """Two installations with one master key; each on a store of its own."""
    found = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        url = ""
        if request.param == "postgres":
            url = empty_database(request.getfixturevalue("postgres_server"))
        told = {"data_dir": tmp_path / name, "database_url": url, "master_keys": {"k": KEY}}
        found.append(Place(Settings.model_validate(told)))
    return found


async def checked(place: Place) -> tuple[int, int]:
    """What `oo replay --check --decisions` and `oo audit verify` say: all is well."""
    db = place.database()
    try:
        models = await check_models(db, find_by_key)
        drawn = await check_decisions(db, Finder().find)
        assert models.different == drawn.different == []
        assert await differences(db) == []
        assert isinstance(await check(db, AuditHead.of(place.settings)), audit.Head)
        return models.reactions, drawn.decisions
    finally:
        await db.close()


def test_a_backup_under_load_is_restored_whole_elsewhere(places: list[Place]) -> None:
    here, there = places

    async def load() -> Path:
        db = here.database()
        await migrate(db)
        going_on = asyncio.create_task(live(db, people=1000, rounds=ROUNDS))
        await folded(db)
        file = await asyncio.to_thread(here.make)
        assert not going_on.done()
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)
        await db.close()
        return file

    async def folded(db: Database) -> None:
        learner, known = Learner(db, policies()["egreedy-v1"], ManualClock(NOW)), dict[str, int]()
        while sum(known.values()) < 2 * ROUNDS:
            async with db.read() as connection:
                known = await users.sequences(connection)
            await learner.catch_up(known)
            await learner.flush()

    file = asyncio.run(load())
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"person0" not in file.read_bytes()
    assert [it for it in here.folder.iterdir() if "backup" in it.name] == [file]
    restored = there.restore(file, here.log)
    assert restored == Restored("2026-11-21T09:00:00+00:00", 0)
    reactions, decisions = asyncio.run(checked(there))
    assert decisions >= reactions >= 2 * ROUNDS
    with pytest.raises(ConfigurationError, match="--replace"):
        there.restore(file, here.log)
    assert there.restore(file, here.log, replace=True) == restored
    assert asyncio.run(checked(there)) == (reactions, decisions)


def test_who_was_erased_since_does_not_come_back(places: list[Place]) -> None:
    here, there = places
    clock = ManualClock(NOW)

    async def before() -> tuple[str, str]:
        db = here.database()
        await migrate(db)
        people = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
        await db.close()
        return people

    async def erase(ada: str) -> None:
        db = here.database()
        async with db.write() as connection:
            await erasures.begin(connection, ada, NOW, f"person:{ada}")
        await erase_people(db, clock, here.log)
        await db.close()

    async def after(place: Place) -> None:
        db = place.database()
        assert await rows_of(db, ada) == {}
        async with db.read() as connection:
            assert (await users.sequences(connection)).keys() == {bob}
            actions = [it.entry.action for it in await audit.newest(connection, 3)]
        assert actions == ["store.restore", "person.erased", "person.erase"]
        await db.close()
        await checked(place)

    ada, bob = asyncio.run(before())
    file = here.make()
    asyncio.run(erase(ada))
    assert there.restore(file, here.log).erased_again == 1
    asyncio.run(after(there))
    assert there.log.read() == here.log.read()
    assert here.restore(file, here.log, replace=True).erased_again == 1
    asyncio.run(after(here))


def test_words_of_who_was_erased_open_from_no_backup(places: list[Place], tmp_path: Path) -> None:
    """Not with all master keys: the data key is in no backup, and its copy forgets it at once."""
    here, there = places
    clock = ManualClock(NOW)
    people: list[str] = []
    wrapped: list[bytes] = []

    async def before() -> None:
        db = here.database()
        await migrate(db)
        people.extend([await add_person(db, clock, "ada"), await add_person(db, clock, "bob")])
        async with db.write() as connection:
            for user_id in people:
                await tasks.put(connection, user_id, [Task("file:1", "file", "1", "a title")])
            wrapped.extend(row.wrapped for row in await data_keys.every(connection))
        await db.close()

    async def erase(user_id: str) -> None:
        db = here.database()
        async with db.write() as connection:
            await erasures.begin(connection, user_id, NOW, f"person:{user_id}")
        await erase_people(db, clock, here.log)
        await db.close()

    async def titles() -> list[list[str]]:
        db = there.database()
        async with db.read() as connection:
            found = [[it.title for it in await tasks.list_open(connection, one)] for one in people]
        await db.close()
        return found

    asyncio.run(before())
    file = here.make()
    assert KeyCopy(here.folder).read().keys() == set(people)
    asyncio.run(erase(people[0]))
    assert KeyCopy(here.folder).read().keys() == {people[1]}
    inside = b"".join(sealed_files.read(file, load_keyring(here.settings), lambda _: None))
    assert people[0].encode() in inside
    assert len(wrapped) == 2
    assert not [key for key in wrapped if key in inside or key.hex().encode() in inside]
    forgotten = ErasureLog(tmp_path)  # the list of erasures is lost: rows come back, no word does
    with pytest.raises(ConfigurationError, match=r"no data\.keys"):
        there.restore(file, forgotten)
    copy = KeyCopy(here.folder)
    done = there.backups().restore(file, forgotten, True, lambda _: None, copy)
    assert (done.erased_again, done.unreadable) == (0, 1)
    assert asyncio.run(titles()) == [[], ["a title"]]
    assert there.restore(file, here.log, replace=True).unreadable == 0  # by the keys that are there
    assert asyncio.run(titles()) == [[], ["a title"]]


def test_what_is_not_whole_changes_nothing(places: list[Place], tmp_path: Path) -> None:
    here, there = places

    async def seed(place: Place) -> str:
        db = place.database()
        await migrate(db)
        found = await add_person(db, ManualClock(NOW), place.folder.name)
        await db.close()
        return found

    async def people(place: Place) -> set[str]:
        db = place.database()
        async with db.read() as connection:
            found = set(await users.sequences(connection))
        await db.close()
        return found

    asyncio.run(seed(here))
    mine = asyncio.run(seed(there))
    data = here.make().read_bytes()
    bad = tmp_path / "bad"
    end = len(data)
    for wrong in (
        *(data[:cut] for cut in (0, 5, 20, 90, end // 2, end - 1)),
        *(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (3, 40, 200, end - 1)),
        data + b"x",
    ):
        bad.write_bytes(wrong)
        with pytest.raises(ConfigurationError):
            there.restore(bad, here.log, replace=True)
    (there.folder / "erasures.log").write_text("{}\n{}\n")
    bad.write_bytes(data)
    with pytest.raises(ConfigurationError, match="damaged"):
        there.restore(bad, there.log, replace=True)
    assert asyncio.run(people(there)) == {mine}


def ring(letter: bytes = b"k") -> Keyring:
    return Keyring({"k": letter * 32})


def test_chunks_cannot_be_swapped_dropped_or_ended_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_files, "CHUNK", 64)
    path, parts = tmp_path / "x", [bytes([n]) * 50 + os.urandom(50) for n in range(9)]
    ticks: list[int] = []
    sealed_files.write(path, ring(), {"a": 1}, parts, ticks.append)
    assert sum(ticks) == 900
    assert b"".join(sealed_files.read(path, ring(), lambda _: None)) == b"".join(parts)
    assert sealed_files.read_header(path)["a"] == 1
    data = path.read_bytes()
    start, chunks = data.index(b"}") + 1, []
    place = start
    while place < len(data):
        length = 4 + int.from_bytes(data[place : place + 4])
        chunks.append(data[place : place + length])
        place += length
    assert len(chunks) > 4
    first, second, *rest = chunks
    for wrong in ([second, first, *rest], [first, *rest], chunks[:-1], [*chunks, first], [first]):
        path.write_bytes(data[:start] + b"".join(wrong))
        with pytest.raises(ConfigurationError):
            sealed_files.verify(path, ring(), lambda _: None)
    path.write_bytes(data.replace(b'"a":1', b'"a":2'))
    with pytest.raises(ConfigurationError):
        sealed_files.verify(path, ring(), lambda _: None)
    path.write_bytes(data)
    with pytest.raises(ConfigurationError):
        sealed_files.verify(path, ring(b"j"), lambda _: None)
    with pytest.raises(ConfigurationError, match="already"):
        sealed_files.write(path, ring(), {}, parts, lambda _: None)
    assert path.read_bytes() == data


def test_a_dump_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fails() -> Iterator[bytes]:
        yield b"x"
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError, match="no"):
        sealed_files.write(tmp_path / "x", ring(), {}, fails(), lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_its_own_is_made_and_never_when_reading(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no key"):
        key_file_ring(tmp_path / "k")
    made = key_file_ring(tmp_path / "k", make=True)
    assert key_file_ring(tmp_path / "k").derive("x") == made.derive("x")
    with pytest.raises(ConfigurationError, match="put it there first"):
        load_keyring(Settings(data_dir=tmp_path), make=False)


def test_who_was_erased_stays_so_in_a_store_that_other_means_have_put_back(
    places: list[Place],
) -> None:
    here, there = places

    async def people(place: Place) -> list[str]:
        db = place.database()
        await migrate(db)
        found = [await add_person(db, ManualClock(NOW), name) for name in ("ada", "bob")]
        await db.close()
        return found

    async def erased(place: Place, user_id: str) -> None:
        db = place.database()
        async with db.write() as connection:
            await erasures.begin(connection, user_id, NOW, "test")
        await erase_people(db, ManualClock(NOW), place.log)
        await db.close()

    async def left(place: Place) -> list[str]:
        db = place.database()
        async with db.read() as connection:
            found = await erasures.every_person(connection)
        await db.close()
        return found

    ada, bob = asyncio.run(people(here))
    file = here.make()
    asyncio.run(erased(here, ada))
    # as the database's own recovery: the rows of before, and nothing of oO's has looked at them
    nothing_known, keys = ErasureLog(there.folder, "none"), KeyCopy(here.folder)
    there.backups().restore(file, nothing_known, False, lambda _: None, keys, without_keys=True)
    assert sorted(asyncio.run(left(there))) == sorted([ada, bob])
    assert there.backups().erase_again(here.log) == 1
    assert asyncio.run(left(there)) == [bob]
    assert there.log.read() == here.log.read()
    asyncio.run(checked(there))


def test_a_host_that_takes_the_jobs_over_writes_down_whom_others_erased(
    places: list[Place],
) -> None:
    here, there = places

    async def run() -> tuple[int, int, int]:
        db = here.database()
        await migrate(db)
        for name in ("ada", "bob"):
            user_id = await add_person(db, ManualClock(NOW), name)
            async with db.write() as connection:
                await erasures.begin(connection, user_id, NOW, "test")
        await erase_people(db, ManualClock(NOW), here.log)
        counts = (
            await keep_erasure_log.run(db, here.log),
            await keep_erasure_log.run(db, there.log),
            await keep_erasure_log.run(db, there.log),
        )
        await db.close()
        return counts

    assert asyncio.run(run()) == (0, 2, 0)
    assert there.log.read() == here.log.read()
