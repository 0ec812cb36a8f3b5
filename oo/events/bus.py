"""The bus: each consumer gets each of its events at least once, in order, at its own pace."""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from oo.domain.events import EventSeen
from oo.events.consumer import Consumer, Handler
from oo.events.cursor import Cursor, Place, Span
from oo.kit.clock import Clock
from oo.kit.pauses import Pauses
from oo.kit.provide import Provided
from oo.store.database import Database

log = logging.getLogger(__name__)

ROUNDS = 40  # of a batch each, before the others have their turn
TRIES = 10  # of one event, then it is set aside and the next ones go on
PAUSES = Pauses(timedelta(seconds=2), timedelta(minutes=5))


class Bus:
    """Feeds consumers; one that fails, or is slow to recover, holds up nobody else."""

    def __init__(
        self, db: Database, clock: Clock, consumers: Iterable[Consumer], provided: Provided
    ) -> None:
        """Raises ConfigurationError for a consumer that needs what there is not."""
        self._clock = clock
        self._fed = [
            _Fed(
                one,
                provided.to(one.make)(),
                Cursor(db, clock, one.name, from_start=one.from_start),
                clock,
            )
            for one in consumers
        ]

    async def feed(self) -> int:
        """Give each consumer what it has not had; how many events were taken."""
        taken = 0
        for fed in self._fed:
            try:
                taken += await fed.turn()
            except Exception:
                log.exception("the consumer %s could not be fed", fed.name)
        return taken


class _Fed:
    """One consumer and its place."""

    def __init__(self, consumer: Consumer, handle: Handler, cursor: Cursor, clock: Clock) -> None:
        self.name = consumer.name
        self._consumer = consumer
        self._handle = handle
        self._cursor = cursor
        self._clock = clock

    async def turn(self) -> int:
        place = await self._cursor.place()
        taken = await self._again(place)
        if place.retry_at is not None and self._clock.now() < place.retry_at:
            return taken
        for _ in range(ROUNDS):
            events = await self._cursor.next(place.position)
            if not events:
                break
            count, went_well = await self._take(place, events)
            taken += count
            await self._cursor.keep(place)
            if not went_well:
                break
        return taken

    async def _take(self, place: Place, events: Sequence[EventSeen]) -> tuple[int, bool]:
        taken = 0
        for event in events:
            if self._consumer.takes(event):
                try:
                    await self._handle(event)
                except Exception as error:
                    log.warning("%s fails on event %d: %r", self.name, event.seq, error)
                    self._failed(place, event, error)
                    if place.position < event.seq:
                        return taken, False
                    continue
                taken += 1
            place.position, place.failures, place.retry_at, place.error = event.seq, 0, None, ""
        return taken, True

    def _failed(self, place: Place, event: EventSeen, error: Exception) -> None:
        place.failures += 1
        place.error = f"event {event.seq}: {error!r}"[:500]
        if place.failures < TRIES:
            place.retry_at = self._clock.now() + PAUSES.after(place.failures)
            return
        log.error("%s: event %d is set aside", self.name, event.seq)
        place.aside.append(event.seq)
        place.position, place.failures, place.retry_at = event.seq, 0, None

    async def _again(self, place: Place) -> int:
        """What it is asked to go through again; what fails then is said and left."""
        taken, done = 0, list[Span]()
        for span in place.replays:
            after = span.first - 1
            while after < span.last and (events := await self._cursor.next(after)):
                for event in events:
                    if event.seq <= span.last and self._consumer.takes(event):
                        try:
                            await self._handle(event)
                        except Exception as error:
                            log.warning("%s fails again on %d: %r", self.name, event.seq, error)
                            place.error = f"event {event.seq}: {error!r}"[:500]
                        else:
                            taken += 1
                            place.aside = [seq for seq in place.aside if seq != event.seq]
                after = events[-1].seq
            done.append(span)
        if done:
            await self._cursor.keep(place, done)
        return taken
