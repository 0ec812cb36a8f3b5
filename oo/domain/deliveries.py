"""Deliveries: a tip on its way to a person's devices, and what became of it.

Whether and when to speak is decided elsewhere; who has decided enqueues, and everything from
there on (devices, channels, repetition, expiry) is behind these ports.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Outcome(StrEnum):
    """What became of a delivery. Each is logged at most once per device, in no fixed order."""

    SENT = "sent"  # the device's service took it
    SHOWN = "shown"  # the device has put it before the person
    OPENED = "opened"  # the person followed it to the tip
    ACTED = "acted"  # the person reacted to the tip after it was sent
    EXPIRED = "expired"  # too late to be worth an interruption, so it was not sent
    REFUSED = "refused"  # not sent: nobody may, nothing to send to, or the service said no


class Happened(NamedTuple):
    """One outcome of one delivery. `device_id` is None where it is of no device alone.

    `detail` is a code that says why: see `docs/push.md`.
    """

    delivery_id: str
    tip_id: str
    device_id: str | None
    outcome: Outcome
    at: datetime
    detail: str


class Deliveries(Protocol):
    """The way to a person's devices."""

    async def enqueue(self, user_id: str, tip_id: str, at: datetime, expires_at: datetime) -> str:
        """Have a tip of the person sent from `at` on, but not after `expires_at`; its id.

        `tip_id` is the id of a decision of theirs. A tip is delivered once: the same tip again is
        the same delivery, as it was first asked for. Committed when this returns. Raises NotFound
        for a tip that is not the person's, BadRequest when it would expire before it begins.
        """
        ...

    async def outcomes_since(self, user_id: str, since: datetime) -> Sequence[Happened]:
        """What became of the person's deliveries from `since` on, oldest first."""
        ...


class SendsDeliveries(Protocol):
    """The sender: what a job drives."""

    async def send_due(self) -> int:
        """Send what is due now, a bounded batch of it; how many it has looked at, 0 at the end.

        May be cut off anywhere and called again, by another process too.
        """
        ...


class TipRef(NamedTuple):
    """A tip of a person."""

    user_id: str
    tip_id: str


class TipWords(NamedTuple):
    """What a tip says now; `about` is the title of its task where `content` does not hold it."""

    kind: str
    content: str
    about: str | None


class TellsTips(Protocol):
    """What decided tips say, as long as it is true."""

    async def apt(self, tips: Collection[TipRef]) -> Mapping[TipRef, TipWords]:
        """Those of the tips that may still be put before their people, now.

        A tip is left out when what it claims no longer holds, when its task was finished, snoozed
        or moved, when it was reacted to, and when its words were erased or have ended.
        """
        ...


class RetiresKeys(Protocol):
    """The keys that sign pushes."""

    async def retire(self) -> int:
        """Forget those before the newest that no device needs; how many."""
        ...
