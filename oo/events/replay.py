"""Replay: one consumer goes through chosen events again, because an operator asked for it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.events import EventSeen, Heard, Hearing, Preview, ReplayAsked, Standing
from oo.events.consumer import consumers
from oo.events.cursor import REBUILD, Cursor, Place, Span
from oo.events.relay import NAME as RELAY
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, NotFound
from oo.store import audit, event_log, event_positions
from oo.store.audit import Entry
from oo.store.database import Database

MIRROR = "mirror"
PUBLISHED_AGAIN = "It is published once more under the same id, by which readers know it."
MOST = 100_000
LONGEST_NUMBER, LONGEST_ID = 18, 160


class Replays:
    """Has consumers go through events again, and says how each of them stands."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def preview(self, event: str) -> Preview:
        """What each consumer has made of the event of that number or id, and would make of it
        once more. Raises NotFound. Nothing is changed.
        """
        longest = LONGEST_NUMBER if event.isdecimal() else LONGEST_ID
        is_key = event.isascii() and event.isprintable() and len(event) <= longest
        async with self._db.read() as connection:
            found = await event_log.find(connection, event) if is_key else None
            if found is None:
                raise NotFound("There is no such event, or not any more.")
            heard = [await _heard(connection, name, found) for name in sorted(self.names())]
        return Preview(found, heard)

    async def ask(
        self, actor: str, consumer: str, first: int, last: int | None, why: str
    ) -> ReplayAsked:
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
            hearing = await _hearing_of_one(connection, consumer, span)
            waiting = await _replaying(connection, consumer)
            cursor = Cursor(self._db, self._clock, consumer, from_start=consumer == MIRROR)
            await cursor.ask_again(connection, span)
            entry = Entry(
                actor,
                "events.replay",
                f"consumer:{consumer}",
                now,
                why.strip(),
                {"replaying": waiting} | ({"event": hearing.value} if hearing else {}),
                {
                    "first": span.first,
                    "last": span.last,
                    "events": count,
                    "replaying": await _replaying(connection, consumer),
                },
            )
            await audit.append(connection, entry)
        return ReplayAsked(consumer, span.first, span.last, count, hearing)

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


async def _heard(connection: AsyncConnection, name: str, event: EventSeen) -> Heard:
    """How the consumer stands to the event, and what it would do with it once more."""
    consumer = consumers().get(name)
    again = consumer.again if consumer else PUBLISHED_AGAIN
    if consumer and not consumer.takes(event):
        return Heard(name, Hearing.OTHER, "Nothing: it hears of other subjects.")
    kept = await event_positions.get(connection, name)
    if kept is None:
        return Heard(name, Hearing.ABSENT, "Nothing: it has never run here.")
    place = Place.of(kept)
    if any(span.first <= event.seq <= span.last for span in place.replays):
        return Heard(name, Hearing.AGAIN, "It goes through it again within seconds.")
    if event.seq in place.aside:
        return Heard(name, Hearing.ASIDE, f"It is tried once more. {place.error}".strip())
    if event.seq > place.position:
        wait = f"It comes anyway, after {event.seq - place.position - 1} others. Then: {again}"
        return Heard(name, Hearing.WAITS, wait)
    return Heard(name, Hearing.HAD, again)


async def _hearing_of_one(connection: AsyncConnection, consumer: str, span: Span) -> Hearing | None:
    if span.first != span.last:
        return None
    event = await event_log.find(connection, str(span.first))
    return (await _heard(connection, consumer, event)).hearing if event else None


async def _replaying(connection: AsyncConnection, consumer: str) -> int:
    """How many events the consumer has been asked to go through again, and has not yet."""
    kept = await event_positions.get(connection, consumer)
    return sum(it.last - it.first + 1 for it in Place.of(kept).replays) if kept else 0


def _standing(name: str, place: Place, newest: int) -> Standing:
    lag = max(0, newest - place.position)
    again = sum(span.last - span.first + 1 for span in place.replays)
    return Standing(name, place.position, lag, place.error, tuple(place.aside), again)
