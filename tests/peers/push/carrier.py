"""A channel without a service: what is sent is kept, and what is asked of it is done."""

from collections.abc import Mapping
from typing import Any

from oo.kit.errors import BadRequest
from oo.kit.settings import Section
from oo.push.channel import Address, Channel, Configured, Message


class NoSettings(Section):
    """None."""


class Carrier:
    """Keeps what it is given; `raises` has what comes of the next ones instead."""

    def __init__(self) -> None:
        self.carried: list[tuple[str, Message]] = []
        self.raises: list[BaseException | None] = []

    def address(self, given: Mapping[str, Any]) -> Address:
        if not isinstance(given.get("token"), str):
            raise BadRequest("Send a token.")
        return {"token": given["token"]}

    def lane(self, address: Address) -> str:
        return address["token"].partition("@")[2] or "carrier"

    async def send(self, address: Address, message: Message) -> None:
        fault = self.raises.pop(0) if self.raises else None
        if fault is not None:
            raise fault
        self.carried.append((address["token"], message))

    def tokens(self) -> list[str]:
        return [token for token, _ in self.carried]


def carrier(
    collapses: bool = True, daily: bool = False, of_session: bool = False
) -> tuple[Carrier, Configured]:
    """The carrier, and the channel that it is."""
    made = Carrier()
    channel = Channel(
        "carrier",
        "Carrier",
        NoSettings,
        lambda settings, parts: made,
        collapses,
        daily,
        of_session,
        {"token": "1"},
    )
    return made, Configured(channel, made)
