"""The vault seals per person and purpose, rotates without touching secrets, and shreds."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from oo.kit.clock import ManualClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.vault.keyring import Keyring, load_keyring
from oo.vault.seal import SealError
from oo.vault.service import Vault
from oo.vault.tokens import TokenSealer
from tests.peers.store import add_person

OLD, NEW = b"o" * 32, b"n" * 32


async def test_what_is_sealed_opens_for_the_same_person_and_purpose_only(
    db: Database, clock: ManualClock
) -> None:
    vault = Vault(Keyring({"k1": OLD}), clock)
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    async with db.write() as connection:
        sealed = await vault.seal(connection, ada, "grant", b"secret")
        await vault.seal(connection, bob, "grant", b"other")
        assert b"secret" not in sealed
        assert await vault.open(connection, ada, "grant", sealed) == b"secret"
        for user, purpose, changed in (
            (bob, "grant", sealed),
            (ada, "other purpose", sealed),
            (ada, "grant", sealed[:-1] + bytes([sealed[-1] ^ 1])),
            (ada, "grant", b""),
        ):
            with pytest.raises(SealError):
                await vault.open(connection, user, purpose, changed)


async def test_rotation_rewraps_keys_and_the_old_master_key_can_go(
    db: Database, clock: ManualClock
) -> None:
    people = [await add_person(db, clock, f"p{number}") for number in range(3)]
    before = Vault(Keyring({"k1": OLD}), clock)
    async with db.write() as connection:
        sealed = [await before.seal(connection, user, "grant", b"x") for user in people]
    both = Vault(Keyring({"k1": OLD, "k2": NEW}), clock)
    assert await both.rewrap(db) == 3
    assert await both.rewrap(db) == 0
    after = Vault(Keyring({"k2": NEW}), clock)
    async with db.read() as connection:
        for user, secret in zip(people, sealed, strict=True):
            assert await after.open(connection, user, "grant", secret) == b"x"
        with pytest.raises(ConfigurationError, match="k2"):
            await before.open(connection, people[0], "grant", sealed[0])


async def test_a_destroyed_data_key_makes_secrets_unreadable(
    db: Database, clock: ManualClock
) -> None:
    vault = Vault(Keyring({"k1": OLD}), clock)
    ada = await add_person(db, clock)
    async with db.write() as connection:
        sealed = await vault.seal(connection, ada, "grant", b"secret")
        await vault.destroy(connection, ada)
        with pytest.raises(SealError):
            await vault.open(connection, ada, "grant", sealed)
        await vault.seal(connection, ada, "grant", b"a new key is made")
        with pytest.raises(SealError):
            await vault.open(connection, ada, "grant", sealed)


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    first, second = load_keyring(settings), load_keyring(settings)
    assert first.key("file") == second.key("file")
    file = tmp_path / "data" / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["master.key"]
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="0600"):
        load_keyring(settings)


def test_master_keys_of_the_settings_must_be_whole() -> None:
    good = base64.b64encode(NEW).decode()
    assert load_keyring(Settings(master_keys={"a": good})).current_id == "a"
    for bad in ("not base64!", base64.b64encode(b"short").decode()):
        with pytest.raises(ConfigurationError):
            load_keyring(Settings(master_keys={"a": bad}))


def test_sealed_tokens_survive_rotation_but_not_forgery_or_time(clock: ManualClock) -> None:
    def sealer(keys: dict[str, bytes], purpose: str = "state") -> TokenSealer:
        return TokenSealer(Keyring(keys), clock, purpose, timedelta(minutes=10))

    token = sealer({"k1": OLD}).seal({"user": "ada"})
    both = sealer({"k1": OLD, "k2": NEW})
    assert both.unseal(token) == {"user": "ada"}
    assert sealer({"k1": OLD}, "another").unseal(token) is None
    assert sealer({"k2": NEW}).unseal(token) is None
    for forged in ("", ".", "a.b.c", token[:-2], "é.é", token + "AAAA"):
        assert both.unseal(forged) is None
    clock.advance(600)
    assert both.unseal(token) is None
