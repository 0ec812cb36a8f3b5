"""A consumer's place in the log: how far it is, what it failed on, what it is to have again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.events import EventSeen
from oo.kit.clock import Clock
from oo.store import event_log, event_positions
from oo.store.database import Database, Hot
from oo.store.event_positions import Position

BATCH = 250
MOST_ASIDE = 1000


class Span(NamedTuple):
    """Events from one number to another, both included."""

    first: int
    last: int


REBUILD = Span(0, 0)  # no event has this number: asks the mirror to begin anew


@dataclass(slots=True)
class Place:
    """What a consumer remembers: kept in its own row, changed by it alone but for `replays`.

    `failures` counts those of the event behind `position`, which is tried again at `retry_at`.
    `own` is what the consumer itself keeps.
    """

    position: int = 0
    failures: int = 0
    retry_at: datetime | None = None
    error: str = ""
    aside: list[int] = field(default_factory=list)
    replays: list[Span] = field(default_factory=list)
    own: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Position) -> "Place":
        """As it was kept."""
        state = kept.state
        retry_at = state.get("retry_at")
        return cls(
            kept.position,
            state.get("failures", 0),
            datetime.fromisoformat(retry_at) if retry_at else None,
            state.get("error", ""),
            list(state.get("aside", ())),
            [Span(*span) for span in state.get("replays", ())],
            dict(state.get("own", {})),
        )

    def state(self) -> dict[str, Any]:
        """As it is kept beside the position."""
        return {
            "failures": self.failures,
            "retry_at": self.retry_at.isoformat() if self.retry_at else None,
            "error": self.error,
            "aside": self.aside[-MOST_ASIDE:],
            "replays": [list(span) for span in self.replays],
            "own": self.own,
        }


class Cursor:
    """Reads the log for one consumer and keeps its place."""

    def __init__(self, db: Database, clock: Clock, name: str, *, from_start: bool) -> None:
        self._db = db
        self._clock = clock
        self._from_start = from_start
        self.name = name

    async def place(self) -> Place:
        """Where the consumer is; at its first time it begins."""
        async with self._db.read() as connection:
            kept = await event_positions.get(connection, self.name)
            newest = await event_log.newest(connection) if kept is None else 0
        if kept is not None:
            return Place.of(kept)
        async with self._db.write() as connection:
            begins = 0 if self._from_start else newest
            now = self._clock.now()
            return Place.of(
                await event_positions.begin(connection, self.name, begins, now, Place().state())
            )

    async def next(self, after: int, limit: int = BATCH) -> list[EventSeen]:
        """The events behind that number."""
        async with self._db.read_hot() as connection:
            return await event_log.behind(connection, after, limit)

    async def keep(self, place: Place, done: Sequence[Span] = ()) -> None:
        """Keep the place; `done` is what has been gone through again.

        What was asked to be gone through again meanwhile stays.
        """
        now = self._clock.now()
        async with self._db.write_hot() as connection:
            kept = await self._locked(connection)
            place.replays = [span for span in Place.of(kept).replays if span not in done]
            await event_positions.move(connection, self.name, place.position, place.state(), now)

    async def ask_again(self, connection: AsyncConnection, span: Span) -> None:
        """Have the consumer go through these events again, in the caller's transaction."""
        begins = 0 if self._from_start else await event_log.newest(connection)
        place = Place.of(await self._locked(connection, begins))
        place.replays.append(span)
        now = self._clock.now()
        await event_positions.move(connection, self.name, place.position, place.state(), now)

    async def _locked(self, connection: Hot, begins: int = 0) -> Position:
        now, state = self._clock.now(), Place().state()
        return await event_positions.begin(connection, self.name, begins, now, state)
