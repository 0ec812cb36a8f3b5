"""Every service of `oo services` that is installed starts, keeps what it has, and ends."""

import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import nats
import pytest

from oo.cli.local_services import LocalServices, services
from oo.cli.service import Service
from oo.kit.errors import ConfigurationError, NotFound
from oo.kit.settings import Settings

INSTALLED = [one for one in services().values() if one.program(Path("/nowhere"))]


async def postgres(url: str, is_first: bool) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        if is_first:
            await connection.execute("CREATE TABLE kept (it int)")
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
    finally:
        await connection.close()


async def nats_(url: str, is_first: bool) -> None:
    client = await nats.connect(url, allow_reconnect=False)
    try:
        js = client.jetstream()
        if is_first:
            await js.add_stream(name="kept", subjects=["kept.>"])
        assert (await js.stream_info("kept")).config.name == "kept"
    finally:
        await client.close()


async def valkey(url: str, is_first: bool) -> None:
    secret, _, port = url.removeprefix("redis://:").removesuffix("/0").partition("@127.0.0.1:")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as connection:

        def ask(line: str) -> bytes:
            connection.sendall(f"{line}\r\n".encode())
            return connection.recv(1000)

        assert ask("GET kept").startswith(b"-NOAUTH")
        assert ask(f"AUTH {secret}") == b"+OK\r\n"
        if is_first:
            assert ask("SET kept yes") == b"+OK\r\n"
        assert ask("GET kept") == b"$3\r\nyes\r\n"


ASK: dict[str, Callable[[str, bool], Awaitable[None]]] = {
    "postgres": postgres,
    "nats": nats_,
    "valkey": valkey,
}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[LocalServices]:
    found = LocalServices(tmp_path)
    yield found
    for one in found.status():
        found.down(one.service.name)


@pytest.mark.parametrize("service", INSTALLED, ids=lambda service: service.name)
async def test_it_starts_keeps_what_it_has_and_ends(
    service: Service, here: LocalServices, tmp_path: Path
) -> None:
    first = here.up(service.name)
    await ASK[service.name](first.url, True)
    assert here.up(service.name).url == first.url, "it runs already"
    assert [one.is_up for one in here.status()] == [True]
    assert here.down(service.name)
    assert [one.is_up for one in here.status()] == [False]
    assert not here.down(service.name)
    assert here.up(service.name).url == first.url
    await ASK[service.name](first.url, False)
    folder = tmp_path / "services" / service.name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "service.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("service", services().values(), ids=lambda service: service.name)
def test_its_variable_is_a_setting(service: Service) -> None:
    assert not service.variable or service.variable.removeprefix("OO_").lower() in (
        Settings.model_fields
    )
    assert service.words


def test_what_is_not_installed_says_what_it_needs(here: LocalServices) -> None:
    with pytest.raises(ConfigurationError, match=r"mlflow==3\.17\.2"):
        here.up("mlflow")
    with pytest.raises(NotFound, match="postgres"):
        here.up("nothing")
