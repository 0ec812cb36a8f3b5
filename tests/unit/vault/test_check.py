"""Lost and wrong master keys are said at the start, and never replaced in silence."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from oo.domain.tasks import Task
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import connections, data_keys, tasks
from oo.store.connections import CONNECTED, RECONNECT, ConnectionRow
from oo.store.database import Database
from oo.vault.check import abandon_unreadable, check_master_keys
from oo.vault.keyring import load_keyring
from oo.vault.service import Vault
from tests.peers.store import add_person

Connect = Callable[[], Awaitable[str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path})


@pytest.fixture
def connect(db: Database, clock: ManualClock, settings: Settings) -> Connect:
    """Makes a person with a sealed grant."""

    async def connected() -> str:
        user = await add_person(db, clock, str(clock.monotonic()))
        clock.advance(1)
        vault, now = Vault(load_keyring(settings), clock), clock.now()
        own = Database(db.url, vault)
        async with own.write() as connection:
            secret = await vault.seal(connection, user, "grant todoist", b"{}")
            row = ConnectionRow("todoist", "a", CONNECTED, secret, now, now, None)
            await connections.put(connection, user, row)
            await tasks.put(connection, user, [Task("todoist:1", "todoist", "1", "write")])
        await own.close()
        return user

    return connected


async def test_a_new_installation_needs_no_key_yet(db: Database, settings: Settings) -> None:
    await check_master_keys(db, settings)
    assert not (settings.data_dir / "master.key").exists()


async def test_the_right_key_passes(db: Database, settings: Settings, connect: Connect) -> None:
    await connect()
    await check_master_keys(db, settings)


async def test_a_lost_key_is_not_replaced(
    db: Database, settings: Settings, connect: Connect
) -> None:
    await connect()
    (settings.data_dir / "master.key").unlink()
    with pytest.raises(ConfigurationError, match=r"is gone.*backup.*abandon"):
        await check_master_keys(db, settings)
    assert not (settings.data_dir / "master.key").exists()


async def test_another_key_of_the_same_name_is_noticed(
    db: Database, settings: Settings, connect: Connect
) -> None:
    await connect()
    (settings.data_dir / "master.key").unlink()
    load_keyring(settings)  # makes a new one, as a release without this check did
    with pytest.raises(ConfigurationError, match="another master key"):
        await check_master_keys(db, settings)


async def test_what_is_lost_can_be_given_up_and_connected_anew(
    db: Database, settings: Settings, connect: Connect
) -> None:
    lost = await connect()
    (settings.data_dir / "master.key").unlink()
    load_keyring(settings)
    kept = await connect()
    assert await abandon_unreadable(db, settings) == 1
    await check_master_keys(db, settings)
    own = Database(db.url, Vault(load_keyring(settings), SystemClock()))
    async with own.read() as connection:
        found = await connections.get(connection, lost, "todoist")
        other = await connections.get(connection, kept, "todoist")
        assert await data_keys.of(connection, [lost]) == []
        assert await tasks.list_open(connection, lost) == []
        assert len(await tasks.list_open(connection, kept)) == 1
    await own.close()
    assert found is not None
    assert (found.status, found.secret) == (RECONNECT, None)
    assert other is not None
    assert other.status == CONNECTED
