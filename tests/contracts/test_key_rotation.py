"""Master keys are rotated and dropped while processes go on, on both stores."""

import asyncio
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from oo.domain.tasks import Task
from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import data_keys, tables, tasks
from oo.store.database import Database
from oo.vault.check import unused_keys
from oo.vault.keyring import KeyFile, key_file, load_keyring
from oo.vault.service import Vault
from tests.peers import both_stores
from tests.peers.store import add_person

postgres_url, address, migrated = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.migrated,
)
PROCESSES, ROTATIONS = 3, 3


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def process(url: str, settings: Settings) -> Database:
    """The store as one more process of the installation has it: with keys and caches of its own."""
    return Database(url, Vault.of(settings, SystemClock()))


async def test_three_rotations_under_load_lose_nothing(
    migrated: Database, settings: Settings
) -> None:
    people: list[str] = []
    rotated = asyncio.Event()
    url = migrated.url

    async def serve(number: int) -> int:
        db, rng, count = process(url, settings), Random(number), 0
        while not rotated.is_set():
            who = await add_person(db, SystemClock(), f"p{number}-{count}")
            async with db.write() as connection:
                await tasks.put(connection, who, [Task("file:1", "file", "1", f"of {who}")])
            people.append(who)
            await check(db, rng.choice(people))
            count += 1
            await asyncio.sleep(0)
        await db.close()
        return count

    async def check(db: Database, who: str) -> None:
        async with db.read() as connection:
            [task] = await tasks.list_open(connection, who)
        assert task.title == f"of {who}"

    serving = [asyncio.create_task(serve(number)) for number in range(PROCESSES)]
    file, rewrapped = key_file(settings), []
    for _ in range(ROTATIONS):
        before = len(people)
        while len(people) < before + 20:  # noqa: ASYNC110 - the load is waited for, not an event
            await asyncio.sleep(0.01)
        current = file.add()
        operator = process(url, settings)
        rewrapped.append(await Vault.of(settings).rewrap(operator))
        async with operator.read() as connection:
            found = {row.kek_id for row in await data_keys.every(connection)}
        assert found == {current}  # none on an old key, and none comes to be
        file.drop(await unused_keys(operator, settings))
        await operator.close()
        assert list(file.load()) == [current]
    rotated.set()
    served = await asyncio.gather(*serving)
    assert min(served) > ROTATIONS
    assert min(rewrapped) >= 20
    last = process(url, settings)  # that knows the newest key alone
    for who in people:
        await check(last, who)
    await last.close()
    async with migrated.read() as connection:
        query = select(tables.data_keys.c.kek_id).distinct()
        assert list((await connection.execute(query)).scalars()) == [current]


def test_a_process_follows_the_file_and_keeps_what_was_dropped_open(settings: Settings) -> None:
    running = load_keyring(settings)
    first, file = running.current_id, key_file(settings)
    sealed = running.derive("x", first)
    second = file.add()
    assert running.current_id == second
    assert load_keyring(settings).derive("x", first) == sealed
    file.drop([first])
    assert running.derive("x", first) == sealed  # somebody may have read just before
    assert running.current_id == second
    with pytest.raises(ConfigurationError, match=first):
        load_keyring(settings).key(first)
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [it.name for it in settings.data_dir.iterdir()] == [file.path.name]
    with pytest.raises(ConfigurationError, match="at least one"):
        file.drop([second])


@pytest.fixture
def damaged(tmp_path: Path) -> KeyFile:
    file = KeyFile(tmp_path / "master.key")
    file.make()
    return file


@pytest.mark.parametrize("text", ["", "\n", "a not-base64!\n", "a QUJD\n"])
def test_a_file_that_is_no_key_is_refused(damaged: KeyFile, text: str) -> None:
    damaged.path.write_text(text)
    with pytest.raises(ConfigurationError):
        load_keyring(Settings(data_dir=damaged.path.parent))
