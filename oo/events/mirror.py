"""The mirror: every event in NATS JetStream, published by nobody else, made anew when it is lost.

The log in the database is the truth. What a stream holds is read from the stream itself: one that
was made anew, emptied or set back to an older state is filled again from where it ends.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from oo.domain.events import EventSeen, pseudonym
from oo.domain.health import State
from oo.events.cursor import REBUILD, Cursor, Place, Span
from oo.events.jetstream import AWAY, JetStream, Letter
from oo.events.schemas import encoded
from oo.events.subject import STREAMS
from oo.kit.clock import Clock
from oo.kit.pauses import Pauses
from oo.store import erasures, event_positions
from oo.store.database import Database

log = logging.getLogger(__name__)

NAME = "mirror"
ROUNDS = 200  # of a batch each, in one turn
CHECK_EVERY = timedelta(seconds=15)
PAUSES = Pauses(timedelta(seconds=1), timedelta(seconds=15))


class Mirror:
    """Publishes the log to the server at `url`; without one it does nothing."""

    def __init__(self, db: Database, clock: Clock, url: str, keep: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._url = url
        self._keep = keep
        self._cursor = Cursor(db, clock, NAME, from_start=True)
        self._js: JetStream | None = None
        self._checked_at: datetime | None = None
        self._last: dict[str, int] = {}  # the sequences of the streams' last messages
        self._failures = 0
        self._rests_until: datetime | None = None

    async def mirror(self) -> int:
        """Publish what is not there yet; how many events. While it is away nothing happens."""
        if not self._url or self._rests():
            return 0
        place = await self._cursor.place()
        try:
            count = await self._work(place)
        except AWAY as error:
            await self._failed(place, error)
            return 0
        self._failures, self._rests_until = 0, None
        if place.error:
            place.error = ""
            await self._cursor.keep(place)
        return count

    async def close(self) -> None:
        """End the connection."""
        if self._js is not None:
            await self._js.close()
        self._js = None

    def _rests(self) -> bool:
        return self._rests_until is not None and self._clock.now() < self._rests_until

    async def _failed(self, place: Place, error: Exception) -> None:
        self._failures += 1
        self._rests_until = self._clock.now() + PAUSES.after(self._failures)
        await self.close()
        said = f"{type(error).__name__}: {error}"[:300]
        if place.error != said:
            log.warning("the mirror of events is away: %s", said)
            place.error = said
            await self._cursor.keep(place)

    async def _work(self, place: Place) -> int:
        js = await self._connected(place)
        count = await self._again(js, place)
        await self._forget_erased(js, place)
        for _ in range(ROUNDS):
            events = await self._cursor.next(place.position)
            if not events:
                break
            count += await self._publish(js, place, events)
            place.position = events[-1].seq
            await self._cursor.keep(place)
        return count

    async def _connected(self, place: Place) -> JetStream:
        now = self._clock.now()
        if self._js is None or not self._js.is_open:
            self._js, self._checked_at = await JetStream.connect(self._url), None
        if self._checked_at is None or now - self._checked_at >= CHECK_EVERY:
            await self._compare(self._js, place)
            self._checked_at = now
        return self._js

    async def _compare(self, js: JetStream, place: Place) -> None:
        """Go on where each stream ends, whatever was published before by this or a dead process."""
        position = place.position
        for stream in STREAMS:
            held, known = await js.held(stream, self._keep), _known(place, stream)
            is_another = held.is_new or known.get("created") not in (None, held.created)
            told = held.told if held.told is not None else (0 if is_another else known["told"])
            if told < known["told"]:
                log.warning("stream %s ends at %d, not at %d", stream, told, known["told"])
                position = min(position, told)
            self._last[stream] = held.last
            place.own[stream] = {"created": held.created, "told": told}
        if position != place.position or place.own.get("compared") is None:
            place.position = position
            place.own["compared"] = True
            await self._cursor.keep(place)

    async def _publish(self, js: JetStream, place: Place, events: Sequence[EventSeen]) -> int:
        count = 0
        for stream in STREAMS:
            known = _known(place, stream)
            fresh = [
                event
                for event in events
                if event.seq > known["told"] and event.subject.startswith(f"{stream}.")
            ]
            if fresh:
                letters = [_letter(event, event.seq) for event in fresh]
                self._last[stream] = await js.publish(stream, self._last[stream], letters)
                known["told"] = fresh[-1].seq
                count += len(fresh)
        return count

    async def _again(self, js: JetStream, place: Place) -> int:
        """What was asked for: the streams made anew, or chosen events once more."""
        count, done = 0, list[Span]()
        for span in place.replays:
            if span == REBUILD:
                for stream in STREAMS:
                    await js.delete(stream)
                await self._compare(js, place)
            else:
                count += await self._once_more(js, place, span)
            done.append(span)
        if done:
            await self._cursor.keep(place, done)
        return count

    async def _once_more(self, js: JetStream, place: Place, span: Span) -> int:
        """The same ids again: within two minutes of the first time the server drops them."""
        count, after = 0, span.first - 1
        while after < span.last and (events := await self._cursor.next(after)):
            for event in events:
                stream = event.subject.partition(".")[0]
                known = _known(place, stream)
                if event.seq <= min(span.last, known["told"]):
                    letter = _letter(event, known["told"])
                    last = await js.publish(stream, self._last[stream], [letter])
                    self._last[stream] = max(self._last[stream], last)
                    count += 1
            after = events[-1].seq
        return count

    async def _forget_erased(self, js: JetStream, place: Place) -> None:
        """Erase who is erased here; the streams say persons by what their receipts say."""
        since = datetime.fromisoformat(place.own.get("forgotten", "1970-01-01T00:00:00+00:00"))
        async with self._db.read() as connection:
            erased = await erasures.finished_since(connection, since)
        for person, _ in erased:
            for stream in STREAMS:
                await js.forget(stream, person)
        if erased:
            place.own["forgotten"] = erased[-1].finished_at.isoformat()
            await self._cursor.keep(place)


async def standing(db: Database) -> State:
    """How the mirror is: resting while the server is away, warming before it was ever there."""
    async with db.read() as connection:
        kept = await event_positions.get(connection, NAME)
    if kept is None:
        return State.WARMING
    return State.RESTING if Place.of(kept).error else State.READY


def _known(place: Place, stream: str) -> dict[str, Any]:
    known: dict[str, Any] = place.own.setdefault(stream, {"told": 0})
    return known


def _letter(event: EventSeen, told: int) -> Letter:
    subject = f"{event.subject}.{pseudonym(event.user_id)}"
    return Letter(subject, event.id, event.seq, told, encoded(event))
