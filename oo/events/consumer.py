"""The contract of a consumer: one file in `oo/events/consumers`, exported as ``CONSUMER``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import oo.events.consumers
from oo.domain.events import EventSeen, matches
from oo.kit.plugins import discover

Handler = Callable[[EventSeen], Awaitable[None]]
"""Takes one event. It gets one more than once, and must bear it: the id tells which it had."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who hears of which subjects, patterns as in NATS, and what makes its handler.

    The parameters of `make` are what it works with, each found by its type (`oo.kit.provide`).
    With `from_start` it hears everything that is still kept, otherwise what comes after it. `again`
    says what it does with an event that it has had.
    """

    name: str
    words: str
    subjects: tuple[str, ...]
    make: Callable[..., Handler]
    from_start: bool = False
    again: str = "It bears an event that it has had: nothing changes."

    def takes(self, event: EventSeen) -> bool:
        """Whether it hears of this event."""
        return _is_among(event.subject, self.subjects)


@lru_cache(maxsize=1024)
def _is_among(subject: str, patterns: tuple[str, ...]) -> bool:
    return any(matches(pattern, subject) for pattern in patterns)


@cache
def consumers() -> Mapping[str, Consumer]:
    """All consumers by name; raises BrokenPlugin for a file that cannot be loaded."""
    return discover(oo.events.consumers, "CONSUMER", Consumer)
