"""The contract of a channel: one file in `oo/push/channels`, exported as ``CHANNEL``.

A channel knows how to reach one kind of device. It takes what a device registers apart, and it
sends one message to one device; everything else (who, when, repetition, expiry, dedupe) is the
sender's. How a sending ended is said by returning or by one of three errors.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple, Protocol

import httpx2

import oo.push.channels
from oo.kit import plugins
from oo.kit.clock import Clock
from oo.kit.plugins import BrokenPlugin
from oo.kit.settings import Section, Settings
from oo.push.vapid import VapidKeys

Address = Mapping[str, str]
"""What a device is reached by, as its channel reads and writes it. It is kept sealed."""


class DeviceGone(Exception):
    """The device's service says that it is not there any more: the device ends."""


class TryLater(Exception):
    """The device's service did not take it now.

    `after` is what it asked for, if it did. `is_away` says that the service does not answer at all:
    others behind it would fare no better.
    """

    def __init__(
        self, detail: str, after: timedelta | None = None, *, is_away: bool = False
    ) -> None:
        super().__init__(detail)
        self.after = after
        self.is_away = is_away


class NotAccepted(Exception):
    """The device's service refuses this message for good; `code` is one word that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Message(NamedTuple):
    """What a device is to show. `body` is hostile text: it goes out as text and nothing else.

    `tip_id` is None in a test. `about` is the title of the task where `body` does not hold it.
    `key` is the same for each repetition of this sending, and at most 32 characters of base64url:
    where a service or a device drops or replaces what it has by such a key, it gets it. `url` leads
    to the tip, `ends_at` ends the address without a session (empty: nothing does).
    """

    person: str
    delivery_id: str
    device_id: str
    tip_id: str | None
    key: str
    kind: str
    body: str
    about: str | None
    url: str
    ends_at: str
    expires_at: datetime
    lang: str = "en"

    @property
    def text(self) -> str:
        """The body, and on a line of its own the title where that does not hold it."""
        return f"{self.body}\n{self.about}" if self.about else self.body


class Sends(Protocol):
    """A channel that the operator has set up."""

    def address(self, given: Mapping[str, Any]) -> Address:
        """What a device registers, checked and reduced to what is kept; raises BadRequest."""
        ...

    def lane(self, address: Address) -> str:
        """What the address is behind: when that does not answer, the others of it wait."""
        ...

    async def send(self, address: Address, message: Message) -> None:
        """Hand the message over; raises DeviceGone, TryLater or NotAccepted.

        Ends within SEND_S, or the sender ends it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What channels are made from; a contract test makes them too."""

    settings: Settings
    http: httpx2.AsyncClient  # reaches public addresses only, unless the operator allows others
    clock: Clock
    keys: VapidKeys


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to a device.

    `collapses` says that the same key sent twice is seen once, so that a sending in doubt may be
    repeated; without it it is not. A `daily` channel gets one tip a day. `of_session` devices end
    with the session that they came with. `make` returns None where the operator has not set it up.
    `example` is what a device registers, for the contract suite.
    """

    name: str
    title: str
    settings: type[Section]
    make: Callable[[Any, Parts], Sends | None]
    collapses: bool
    daily: bool = False
    of_session: bool = True
    example: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


SEND_S = 10.0


def channel_plugins(package: ModuleType = oo.push.channels) -> Mapping[str, Channel]:
    """Every channel in the folder; raises BrokenPlugin for a file that holds none."""
    found = plugins.discover(package, "CHANNEL", Channel)
    for name in found:
        if name in Settings.model_fields:
            raise BrokenPlugin(f"{name}: a setting has that name")
    return found


def check_channels(settings: Settings) -> Collection[str]:
    """The names of all channels; raises ConfigurationError for a wrong setting of one."""
    found = channel_plugins()
    for name, channel in found.items():
        settings.section(name, channel.settings)
    return found


class Configured(NamedTuple):
    """A channel that the operator has set up."""

    channel: Channel
    sends: Sends


def build_channels(parts: Parts, package: ModuleType = oo.push.channels) -> dict[str, Configured]:
    """The channels that are set up; raises BrokenPlugin or ConfigurationError."""
    found = {}
    for name, channel in channel_plugins(package).items():
        made = channel.make(parts.settings.section(name, channel.settings), parts)
        if made is not None:
            found[name] = Configured(channel, made)
    return found
