"""What the contract suite of channels asks of the peer that stands in for a channel's service.

A channel's peer is the module of its name beside this one, with `peer(keys)`, a context that gives
a :class:`Peer`. A channel without one is checked as far as that goes without a service.
"""

from typing import Any, ClassVar, NamedTuple


class Answer(NamedTuple):
    """What the service says next: a status of HTTP or of SMTP.

    With `accepts` it has taken the message all the same.
    """

    status: int
    retry_after: str = ""
    accepts: bool = False


class Peer:
    """A service with devices behind it."""

    settings: dict[str, Any] = {}  # noqa: RUF012 - of the channel, as an operator gives them
    gone: ClassVar[Answer] = Answer(410)
    busy: ClassVar[Answer] = Answer(429, "7")
    broken: ClassVar[Answer] = Answer(500)
    refusing: ClassVar[Answer] = Answer(400)

    async def device(self) -> dict[str, Any]:
        """What a new device registers."""
        raise NotImplementedError

    def answers(self, *faults: Answer) -> None:
        """What is said to the next messages, in order; then they are taken again."""
        raise NotImplementedError

    def received(self) -> list[str]:
        """The text of each message that came, as a device would show it."""
        raise NotImplementedError

    async def arrived(self) -> None:
        """What was said to the service is there, and what came of it is here."""

    async def stop(self) -> None:
        """The service is not there any more."""
        raise NotImplementedError
