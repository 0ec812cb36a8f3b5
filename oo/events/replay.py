"""Replay: one consumer goes through chosen events again, because an operator asked for it."""

from typing import NamedTuple

from oo.domain.events import Standing
from oo.events.consumer import consumers
from oo.events.cursor import REBUILD, Cursor, Place, Span
from oo.events.relay import NAME as RELAY
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, NotFound
from oo.store import audit, event_log, event_positions
from oo.store.audit import Entry
from oo.store.database import Database

MIRROR = "mirror"
MOST = 100_000


class Asked(NamedTuple):
    """Which events a consumer will go through again, and how many there are between."""

    consumer: str
    span: Span
    events: int


class Replays:
    """Has consumers go through events again, and says how each of them stands."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def ask(self, actor: str, consumer: str, first: int, last: int | None, why: str) -> Asked:
        """Have the consumer go through the events `first` to `last` again; it does so within
        seconds, where it runs. Handlers bear an event that they have had.

        Raises NotFound without such a consumer or event, BadRequest for too many or no reason.
        """
        span = Span(first, first if last is None else last)
        if not why.strip():
            raise BadRequest("Say why: the reason is kept with the replay.")
        if span.last < span.first or span.last - span.first >= MOST:
            raise BadRequest(f"Name at most {MOST} events, the first one first.")
        if consumer not in self.names():
            raise NotFound(f"There is no consumer {consumer[:64]!r}.")
        now = self._clock.now()
        async with self._db.write() as connection:
            count = await event_log.count(connection, *span)
            if not count:
                raise NotFound("There is no such event any more.")
            cursor = Cursor(self._db, self._clock, consumer, from_start=consumer == MIRROR)
            await cursor.ask_again(connection, span)
            after = {"first": span.first, "last": span.last, "events": count}
            entry = Entry(
                actor, "events.replay", f"consumer:{consumer}", now, why.strip(), after=after
            )
            await audit.append(connection, entry)
        return Asked(consumer, span, count)

    async def rebuild(self, actor: str, why: str) -> None:
        """Have the mirror delete its streams and fill them again; raises BadRequest for no reason.

        Readers of the mirror then get everything once more.
        """
        if not why.strip():
            raise BadRequest("Say why: the reason is kept with the rebuilding.")
        async with self._db.write() as connection:
            cursor = Cursor(self._db, self._clock, MIRROR, from_start=True)
            await cursor.ask_again(connection, REBUILD)
            now = self._clock.now()
            entry = Entry(actor, "events.rebuild", f"consumer:{MIRROR}", now, why.strip())
            await audit.append(connection, entry)

    async def standings(self) -> list[Standing]:
        """How each consumer stands, by name; those that have never run are not among them."""
        async with self._db.read() as connection:
            kept = await event_positions.every(connection)
            newest = await event_log.newest(connection)
        return [
            _standing(name, Place.of(position), newest)
            for name, position in kept.items()
            if name != RELAY
        ]

    @staticmethod
    def names() -> set[str]:
        """Who can be asked."""
        return {*consumers(), MIRROR}


def _standing(name: str, place: Place, newest: int) -> Standing:
    lag = max(0, newest - place.position)
    again = sum(span.last - span.first + 1 for span in place.replays)
    return Standing(name, place.position, lag, place.error, tuple(place.aside), again)
