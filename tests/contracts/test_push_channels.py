"""Every push channel passes every check, over its real local peer (`tests/peers/push`)."""

import importlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import ValidationError

import oo.push.channels
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest
from oo.kit.outgoing import outgoing_client
from oo.kit.setting_groups import Outgoing
from oo.kit.settings import Settings
from oo.push.channel import (
    Channel,
    Configured,
    DeviceGone,
    Message,
    NotAccepted,
    Parts,
    TryLater,
    build_channels,
    channel_plugins,
)
from oo.push.vapid import VapidKeys
from oo.vault.keyring import Keyring
from oo.vault.operator import OperatorVault
from tests.contracts.dropped import dropped
from tests.peers.push.peer import Peer
from tests.peers.store import fresh_store

CLOCK = SystemClock()
HOSTILE = (
    "Pay “rent” <script>alert(1)</script> http://evil.example\r\nBcc: all@example.org \u202e🙂"
)
CHANNELS = sorted(channel_plugins())


class Set(NamedTuple):
    """A channel that is set up, and its peer."""

    by: Configured
    peer: Peer


def message(body: str = "Call the garage.", tip: str | None = "a" * 32) -> Message:
    return Message(
        person="b" * 32,
        delivery_id="c" * 32,
        device_id="d" * 32,
        tip_id=tip,
        key="c" * 32,
        kind="task",
        body=body,
        about="van MOT",
        url="http://oo.test/?tip=" + "a" * 32,
        ends_at="http://oo.test/unsubscribe/x",
        expires_at=CLOCK.now() + timedelta(hours=1),
    )


@asynccontextmanager
async def set_up(name: str, folder: Path) -> AsyncIterator[Set]:
    module = importlib.import_module(f"tests.peers.push.{name}")
    async with fresh_store(folder) as db:
        keys = VapidKeys(db, OperatorVault(Keyring({"k": b"k" * 32})), CLOCK, "mailto:a@oo.test")
        outgoing = Outgoing.model_validate({"own_networks": ["127.0.0.0/8"]})
        async with outgoing_client(outgoing) as http, module.peer(keys) as peer:
            settings = Settings.model_validate({"data_dir": folder, name: peer.settings})
            built = build_channels(Parts(settings, http, CLOCK, keys))
            yield Set(built[name], peer)


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Channel:
    return channel_plugins()[request.param]


@pytest.fixture
async def ready(channel: Channel, tmp_path: Path) -> AsyncIterator[Set]:
    async with set_up(channel.name, tmp_path) as found:
        yield found


def test_it_says_what_it_is(channel: Channel) -> None:
    assert channel.name.isidentifier()
    assert channel.title == channel.title.strip() != ""
    assert channel.example
    for name, field in channel.settings.model_fields.items():
        assert field.description, f"{channel.name}: {name} has no description"
    with pytest.raises(ValidationError):
        channel.settings.model_validate({"no_such_setting": "1"})


async def test_an_address_is_kept_as_strings_and_read_again(ready: Set) -> None:
    address = ready.by.sends.address(ready.by.channel.example)
    again = json.loads(json.dumps(dict(address)))
    assert again == address
    assert all(isinstance(value, str) for value in again.values())
    assert ready.by.sends.lane(again) == ready.by.sends.lane(address) != ""


async def test_what_is_no_address_is_refused(ready: Set) -> None:
    example = dict(ready.by.channel.example)
    for name in example:
        for wrong in (None, "", 7, [], {}, "x" * 5000, "\x00", "http://127.0.0.1/x y", "é@"):
            if name in ("name", "key_id"):
                continue
            with pytest.raises(BadRequest):
                ready.by.sends.address({**example, name: wrong})
    with pytest.raises(BadRequest):
        ready.by.sends.address({})


async def test_a_message_arrives_as_text(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    await ready.by.sends.send(address, message())
    await ready.by.sends.send(address, message(HOSTILE))
    await ready.peer.arrived()
    first, second = ready.peer.received()
    assert "Call the garage." in first
    assert "<script>alert(1)</script> http://evil.example" in second
    assert "van MOT" in second


async def test_a_test_is_sent_as_any_message(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    await ready.by.sends.send(address, message("Hello.", tip=None))
    await ready.peer.arrived()
    (received,) = ready.peer.received()
    assert "Hello." in received


async def test_a_long_message_is_cut(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    await ready.by.sends.send(address, message("é🙂" * 4000))
    await ready.peer.arrived()
    (received,) = ready.peer.received()
    assert received.startswith("é🙂é🙂")


async def test_a_device_that_is_gone_is_said_to_be(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    ready.peer.answers(ready.peer.gone)
    await ready.peer.arrived()
    with pytest.raises(DeviceGone):
        await ready.by.sends.send(address, message())


async def test_a_busy_service_says_when(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    ready.peer.answers(ready.peer.busy)
    await ready.peer.arrived()
    with pytest.raises(TryLater) as busy:
        await ready.by.sends.send(address, message())
    assert not busy.value.is_away
    wanted = ready.peer.busy.retry_after
    assert busy.value.after == (timedelta(seconds=int(wanted)) if wanted else None)


async def test_a_broken_service_is_asked_again(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    ready.peer.answers(ready.peer.broken)
    await ready.peer.arrived()
    with pytest.raises(TryLater):
        await ready.by.sends.send(address, message())
    await ready.by.sends.send(address, message())
    await ready.peer.arrived()
    assert len(ready.peer.received()) == 1


async def test_what_is_refused_is_refused_for_good(ready: Set) -> None:
    address = ready.by.sends.address(await ready.peer.device())
    ready.peer.answers(ready.peer.refusing)
    await ready.peer.arrived()
    with pytest.raises(NotAccepted):
        await ready.by.sends.send(address, message())


async def test_a_service_that_is_not_there_is_away(channel: Channel, tmp_path: Path) -> None:
    async with set_up(channel.name, tmp_path) as ready:
        address = ready.by.sends.address(await ready.peer.device())
        await ready.peer.stop()
        with pytest.raises(TryLater) as away:
            await ready.by.sends.send(address, message())
        assert away.value.is_away


TOY = '''
from oo.kit.errors import BadRequest
from oo.kit.settings import Section
from oo.push.channel import Channel


class Settings(Section):
    """None."""


class Carrier:
    def __init__(self):
        self.carried = []

    def address(self, given):
        if not isinstance(given.get("token"), str):
            raise BadRequest("no token")
        return {"token": given["token"]}

    def lane(self, address):
        return "carrier"

    async def send(self, address, message):
        self.carried.append((address["token"], message.body))


CHANNEL = Channel("carrier", "Carrier", Settings, lambda settings, parts: Carrier(), False,
                  example={"token": "1"})
'''


async def test_a_new_channel_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    with dropped(oo.push.channels, tmp_path / "channels", "carrier", TOY):
        async with fresh_store(tmp_path) as db, outgoing_client(Outgoing()) as http:
            keys = VapidKeys(db, OperatorVault(Keyring({"k": b"k" * 32})), CLOCK, "")
            built = build_channels(Parts(Settings(data_dir=tmp_path), http, CLOCK, keys))
            sends = built["carrier"].sends
            await sends.send(sends.address({"token": "1"}), message("Coo."))
            assert vars(sends)["carried"] == [("1", "Coo.")]
