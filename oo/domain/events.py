"""Events as others see them: facts that were committed, in the one order in which they are told."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from oo.kit.pseudonym import pseudonym as pseudonym  # events name people by it

RING = 500  # what a viewer sees of the past
LOOK_BACK = 20_000  # among so many of the newest are those that a filter takes


class EventSeen(NamedTuple):
    """A fact that was told: ids, numbers and references, no words of anybody.

    `seq` counts all events, in the order in which every consumer gets them; those of a person are
    in the order in which they happened. `id` names the event for good: the same fact told twice has
    the same id. `at` is when it happened.
    """

    seq: int
    id: str
    subject: str
    user_id: str
    at: datetime
    payload: Mapping[str, Any]


class EventFilter(NamedTuple):
    """Which events somebody wants; what is empty does not matter.

    `subject` is a subject or a pattern as in NATS: `*` is one part, `>` at the end all that follow.
    `since` is included, `until` is not.
    """

    subject: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, event: EventSeen) -> bool:
        """Whether the event is among them."""
        return (
            (not self.subject or matches(self.subject, event.subject))
            and (not self.person or self.person == event.user_id)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
        )


ALL_EVENTS = EventFilter()


class EventPage(NamedTuple):
    """Some events, and the number behind which to go on; `is_all`: there are none behind it yet."""

    events: list[EventSeen]
    next: int
    is_all: bool


class RecentEvents(Protocol):
    """The newest events, for who watches: the console's live tail."""

    async def read(
        self, after: int, limit: int, filters: EventFilter = ALL_EVENTS
    ) -> list[EventSeen]:
        """Events behind `after` that the filters take, the oldest first, at most `limit`."""
        ...

    async def page(self, after: int, limit: int, filters: EventFilter = ALL_EVENTS) -> EventPage:
        """As :meth:`read`, and where to go on; it looks at a bounded number of events, so a page
        may have none although there are some further on.
        """
        ...

    async def start(self, filters: EventFilter = ALL_EVENTS) -> int:
        """The number behind which to begin for the newest `RING` events; with filters, for those
        among the newest `LOOK_BACK`.
        """
        ...

    async def newest(self) -> int:
        """The number of the newest event; 0 before there is one."""
        ...


class Standing(NamedTuple):
    """How far a consumer is; `lag` is how many events wait for it.

    `error` is what it failed with last, empty when all is well; `aside` are the numbers of events
    that it failed on too often, `replaying` how many it is asked to go through again.
    """

    name: str
    position: int
    lag: int
    error: str
    aside: tuple[int, ...]
    replaying: int


class Hearing(StrEnum):
    """How a consumer stands to one event."""

    HAD = "had"  # or it has begun behind this event
    WAITS = "waits"
    ASIDE = "set aside"
    AGAIN = "asked again"
    OTHER = "not its subject"
    ABSENT = "does not run"


class Heard(NamedTuple):
    """One consumer and one event; `effect` says what it would do with the event once more."""

    consumer: str
    hearing: Hearing
    effect: str

    @property
    def may_replay(self) -> bool:
        """Whether asking for it again would do something."""
        return self.hearing not in (Hearing.OTHER, Hearing.ABSENT, Hearing.AGAIN)


class Preview(NamedTuple):
    """An event, and what each consumer has made of it."""

    event: EventSeen
    heard: list[Heard]


class ReplayAsked(NamedTuple):
    """Which events a consumer will go through again, and how many there are between.

    `hearing` is how it stood to the event before, if it is one.
    """

    consumer: str
    first: int
    last: int
    events: int
    hearing: Hearing | None


class ReplaysEvents(Protocol):
    """Has consumers go through events again, and says before what that would do."""

    async def preview(self, event: str) -> Preview:
        """The event of that number or id; raises NotFound. Nothing is changed."""
        ...

    async def ask(
        self, actor: str, consumer: str, first: int, last: int | None, why: str
    ) -> ReplayAsked:
        """Have the consumer go through the events `first` to `last` again; it does so within
        seconds, where it runs.

        Raises NotFound without such a consumer or event, BadRequest for too many or no reason.
        """
        ...


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject fits a pattern as in NATS: ``signals.*.served``, ``signals.>``."""
    wanted, parts = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        if len(parts) <= len(wanted):
            return False
        parts = parts[: len(wanted)]
    return len(wanted) == len(parts) and all(
        want in ("*", part) for want, part in zip(wanted, parts, strict=True)
    )


def task_reference(user_id: str, task_id: str | None) -> str:
    """What stands for a task in events: a source may name a task by its title."""
    if task_id is None:
        return ""
    return sha256(f"{user_id}\0{task_id}".encode()).hexdigest()[:32]
