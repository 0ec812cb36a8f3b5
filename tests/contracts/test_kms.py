"""Master keys that a key management service seals, with moto's KMS as the peer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.setting_groups import Kms
from oo.kit.settings import Settings
from oo.vault.check import unused_keys
from oo.vault.keyring import AGAIN_S, Keyring, key_file, load_keyring
from oo.vault.service import Vault
from tests.peers.serving import free_port
from tests.peers.store import add_person, fresh_store

REGION = "eu-central-1"
NO_KEY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Service:
    """The service; its keys outlive its end, as they are kept in this process."""

    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    found = Service()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def settings(service: Service, tmp_path: Path) -> Settings:
    client = boto3.client("kms", region_name=REGION, endpoint_url=service.address)
    key = client.create_key()["KeyMetadata"]["KeyId"]
    kms = Kms(key=key, region=REGION, endpoint=service.address)
    return Settings(data_dir=tmp_path / "data", kms=kms)


def with_kms(settings: Settings, **changes: str) -> Settings:
    """The same installation, with other settings of the service."""
    return settings.model_copy(update={"kms": settings.kms.model_copy(update=changes)})


def lines(settings: Settings) -> list[list[str]]:
    """Ids and texts in the file of keys."""
    return [line.split() for line in key_file(settings).path.read_text().splitlines()]


def test_the_file_holds_nothing_that_opens_without_the_service(settings: Settings) -> None:
    first, again = load_keyring(settings), load_keyring(settings)
    assert first.derive("x") == again.derive("x")
    [[text]] = lines(settings)
    assert text.startswith("kms:")
    with pytest.raises(ConfigurationError, match="set OO_KMS__KEY"):
        load_keyring(with_kms(settings, key=""))


async def test_an_installation_moves_to_it_and_the_key_of_before_goes(
    settings: Settings, tmp_path: Path
) -> None:
    before = with_kms(settings, key="")
    async with fresh_store(tmp_path) as db:
        ada = await add_person(db, SystemClock())
        async with db.write() as connection:
            sealed = await Vault.of(before).seal(connection, ada, "grant", b"token")
        assert not any(text.startswith("kms:") for *_, text in lines(before))
        key_file(settings).add()
        assert await Vault.of(settings).rewrap(db) == 1
        assert all(text.startswith("kms:") for *_, text in lines(settings))
        key_file(settings).drop(await unused_keys(db, settings))
        assert len(lines(settings)) == 1
        async with db.read() as connection:
            assert await Vault.of(settings).open(connection, ada, "grant", sealed) == b"token"


def test_a_key_that_was_altered_or_given_another_name_does_not_open(settings: Settings) -> None:
    load_keyring(settings)
    file = key_file(settings)
    file.add()
    good = file.path.read_text()
    [[first], [name, text]] = lines(settings)
    broken = f"{text[:60]}{'A' if text[60] != 'A' else 'B'}{text[61:]}"
    for damaged in (f"other {text}", f"{name} {first}", f"{name} {broken}"):
        file.path.write_text(f"{damaged}\n")
        with pytest.raises(ConfigurationError, match="decrypt a master key"):
            load_keyring(settings)
    file.path.write_text(good)
    assert len(load_keyring(settings).ids) == 2


def test_a_service_that_says_no_or_is_away_says_so(
    service: Service, settings: Settings, tmp_path: Path
) -> None:
    new = with_kms(settings, key=NO_KEY).model_copy(update={"data_dir": tmp_path / "new"})
    with pytest.raises(ConfigurationError, match=r"NotFoundException.*OO_KMS__KEY"):
        load_keyring(new)
    assert not list(new.data_dir.iterdir())
    load_keyring(settings)
    with pytest.raises(ConfigurationError, match="Could not connect"):
        load_keyring(with_kms(settings, endpoint=f"http://127.0.0.1:{free_port()}"))


def test_what_runs_goes_on_while_a_changed_file_cannot_be_read(
    service: Service, settings: Settings
) -> None:
    load_keyring(settings)
    now, source = 0.0, key_file(settings)
    running = Keyring(source.load(), source, lambda: now)
    before = running.derive("x")
    added = source.add()
    service.stop()
    assert running.derive("x") == before
    with pytest.raises(ConfigurationError, match=added):
        running.key(added)
    service.start()
    assert running.current_id != added  # it does not ask again at once
    now = AGAIN_S
    assert running.current_id == added
    assert running.derive("x", "file") == before
