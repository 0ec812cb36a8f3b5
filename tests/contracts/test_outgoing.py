"""The client for calls to others, against real sockets: what it refuses, it does not even knock at.

Providers and sources are reached by it.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from itertools import cycle
from typing import Any

import httpx2
import pytest

from oo.domain.signals import Retry
from oo.identity.failures import Cause, ProviderAway, ProviderRefused
from oo.identity.openid import OpenIdSignIn
from oo.integrations.registry import build_sources
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.outgoing import Refused, TooLong, TooMuch, outgoing_client
from oo.kit.setting_groups import Outgoing
from oo.kit.settings import Settings
from oo.vault.keyring import Keyring

OWN = Outgoing(own_networks=(ip_network("127.0.0.0/8"),))
FEW = OWN.model_copy(update={"max_bytes": 2048})
HASTY = OWN.model_copy(update={"timeout_s": 0.5})
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Peer:
    """Answers each request with the same bytes, and counts who knocks."""

    def __init__(self, answer: bytes | Callable[[str], bytes]) -> None:
        self.answer = answer
        self.knocks = 0
        self.asked: list[str] = []
        self.port = 0
        self.drips = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head)
            writer.write(self.answer if isinstance(self.answer, bytes) else self.answer(head))
            while self.drips:
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.write(b"1\r\nx\r\n")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it was refused
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@asynccontextmanager
async def listening(
    answer: bytes | Callable[[str], bytes] = OK, drips: bool = False
) -> AsyncIterator[Peer]:
    peer = Peer(answer)
    peer.drips = drips
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()


def standing_for(*answers: Sequence[str]) -> Callable[[str, int], Any]:
    """A resolver that says another thing each time."""
    said = cycle(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(said)

    return resolve


async def test_the_operators_own_are_called() -> None:
    async with listening() as peer, outgoing_client(OWN) as client:
        assert (await client.get(peer.url)).text == "ok"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"]
)
async def test_this_machine_is_not_called(host: str) -> None:
    async with listening() as peer, outgoing_client(Outgoing()) as client:
        with pytest.raises(Refused):
            await client.get(f"http://{host}:{peer.port}/")
        assert peer.knocks == 0


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fe80::1]", "[::1]"])
async def test_private_and_metadata_addresses_are_not_called(host: str) -> None:
    async with outgoing_client(Outgoing()) as client:
        begun = time.monotonic()
        with pytest.raises(Refused):
            await client.get(f"http://{host}/latest/meta-data/")
        assert time.monotonic() - begun < 1.0  # nobody was waited for


async def test_the_metadata_of_a_cloud_cannot_be_allowed() -> None:
    everything = Outgoing(own_networks=(ip_network("0.0.0.0/0"),))
    async with outgoing_client(everything) as client:
        with pytest.raises(Refused):
            await client.get("http://169.254.169.254/latest/meta-data/")


async def test_a_name_is_resolved_once_and_its_address_is_what_is_called() -> None:
    """DNS rebinding: public when it is looked at, this machine when it would be called."""
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async with listening() as peer, outgoing_client(OWN, resolve) as client:
        answer = await client.get(f"http://rebinding.example:{peer.port}/")
        assert (answer.text, asked, peer.knocks) == ("ok", ["rebinding.example"], 1)
        assert "host: rebinding.example" in peer.asked[0].lower()


async def test_a_name_that_turns_private_is_refused() -> None:
    resolve = standing_for(["127.0.0.1"])
    async with listening() as peer, outgoing_client(Outgoing(), resolve) as client:
        for _ in range(3):
            with pytest.raises(Refused):
                await client.get(f"http://rebinding.example:{peer.port}/")
        assert peer.knocks == 0


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    resolve = standing_for(["93.184.216.34", "127.0.0.1"])
    async with listening() as peer, outgoing_client(Outgoing(), resolve) as client:
        with pytest.raises(Refused):
            await client.get(f"http://both.example:{peer.port}/")
        assert peer.knocks == 0


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    resolve = standing_for(["127.0.0.2", "127.0.0.1"])
    async with listening() as peer, outgoing_client(OWN, resolve) as client:
        assert (await client.get(f"http://two.example:{peer.port}/")).text == "ok"


async def test_a_redirect_is_not_followed() -> None:
    async with listening() as inside:
        moved = f"HTTP/1.1 302 Found\r\nlocation: {inside.url}\r\ncontent-length: 0\r\n\r\n"
        async with listening(moved.encode()) as peer, outgoing_client(OWN) as client:
            assert (await client.get(peer.url)).status_code == 302
        assert inside.knocks == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n" + b"x" * 4096,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"400\r\n%b\r\n" % (b"x" * 1024) * 4
        + b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx",
    ],
)
async def test_a_large_or_compressed_answer_is_refused(answer: bytes) -> None:
    async with listening(answer) as peer, outgoing_client(FEW) as client:
        with pytest.raises(TooMuch):
            await client.get(peer.url)
        assert "accept-encoding: identity" in peer.asked[0].lower()


async def test_an_answer_that_drips_ends_with_the_whole_time() -> None:
    begin = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    async with listening(begin, drips=True) as peer, outgoing_client(HASTY) as client:
        begun = time.monotonic()
        with pytest.raises(TooLong):
            await client.get(peer.url)
        assert time.monotonic() - begun < 3.0
        peer.drips = False


async def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    async with outgoing_client(HASTY, resolve) as client:
        with pytest.raises(httpx2.TimeoutException):
            await client.get("http://slow.example/")


async def test_errors_of_the_network_are_the_clients_own() -> None:
    async with outgoing_client(OWN) as client:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://nothing.invalid/")
        async with listening(b"nonsense\r\n\r\n") as peer:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get(peer.url)


async def test_the_name_is_what_a_certificate_is_checked_against() -> None:
    """A pinned connection still needs a certificate of the name."""
    asked: list[str | None] = []

    def noted(self: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int:
        asked.append(name)
        return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = noted  # type: ignore[assignment]
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with outgoing_client(OWN, standing_for(["127.0.0.1"])) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"https://named.example:{port}/")
    server.close()
    assert asked == ["named.example"]


def openid(issuer: str, outgoing: Outgoing) -> OpenIdSignIn:
    provider = {"title": "P", "issuer": issuer, "client_id": "id", "client_secret": "secret"}
    settings = Settings.model_validate({"oidc": {"p": provider}, "outgoing": outgoing})
    return OpenIdSignIn(settings, Keyring({"k": b"k" * 32}), SystemClock())


async def test_a_provider_inside_is_not_asked_unless_it_is_allowed() -> None:
    async with listening() as peer:
        with pytest.raises(ProviderAway) as caught:
            await openid(peer.url, Outgoing()).start("p", "/")
        assert (caught.value.cause, caught.value.found) == (Cause.PROVIDER_AWAY, "Refused")
        assert peer.knocks == 0
        with pytest.raises(ProviderRefused):  # "ok" is no metadata
            await openid(peer.url, OWN).start("p", "/")
        assert peer.knocks == 1


async def test_a_provider_does_not_lead_elsewhere() -> None:
    """Neither by a redirect nor by what it says of itself."""
    async with listening() as inside:

        def answer(head: str) -> bytes:
            issuer = f"http://127.0.0.1:{peer.port}/"
            said = (
                f'{{"issuer": "{issuer}", "authorization_endpoint": "{issuer}authorize",'
                f' "token_endpoint": "http://169.254.169.254/token",'
                f' "jwks_uri": "{inside.url}"}}'
            ).encode()
            return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(said), said)

        async with listening(answer) as peer:
            signing_in = openid(peer.url, OWN)
            attempt = await signing_in.start("p", "/")
            state = httpx2.URL(attempt.url).params["state"]
            with pytest.raises(ProviderAway) as caught:
                await signing_in.finish("p", {"code": "c", "state": state}, attempt.cookie)
            assert caught.value.found == "Refused"
        moved = f"HTTP/1.1 302 Found\r\nlocation: {inside.url}\r\ncontent-length: 0\r\n\r\n"
        async with listening(moved.encode()) as peer:
            with pytest.raises((ProviderAway, ProviderRefused)):
                await openid(peer.url, OWN).start("p", "/")
        assert inside.knocks == 0


async def test_a_source_inside_is_not_asked_unless_it_is_allowed() -> None:
    async with listening() as peer:
        given = {"client_id": "id", "client_secret": "secret", "token_url": peer.url}
        settings = Settings.model_validate({"todoist": given})
        clock = ManualClock(SystemClock().now())
        async with outgoing_client(settings.outgoing) as client:
            source = build_sources(settings, client, clock)["todoist"].source.connects
            assert source is not None
            with pytest.raises(Retry):
                await source.exchange("code", "http://localhost/callback")
        assert peer.knocks == 0
