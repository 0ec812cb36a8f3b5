"""What waits in the outbox: handled until it has ended, and nothing holds up anybody else's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from oo.domain.signals import Broken, Reconnect, Retry
from oo.kit.clock import Clock
from oo.kit.errors import NotFound, OoError
from oo.kit.pauses import Pauses
from oo.kit.scope import about
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Message, Outcome

log = logging.getLogger(__name__)

BATCH = 100
AT_ONCE = 4  # lanes; what is in one is handled one after the other
PAUSES = Pauses(timedelta(seconds=40), timedelta(hours=1))
SHORTEST = 0.75  # of a pause: what failed together does not come back together
GIVE_UP_AFTER = timedelta(days=14)


def _of_person(message: Message) -> str:
    return message.user_id


@dataclass(frozen=True, slots=True)
class Errands:
    """The messages of a subject, and how each is handled.

    Those of a lane wait for one another: what is away for one of them is away for all. One that
    could not be handled `within` that time is given up. `is_erased` when it ends: its payload is
    not to be kept.
    """

    subject: str
    handle: Callable[[Message], Awaitable[Outcome]]
    lane: Callable[[Message], str] = _of_person
    within: timedelta = GIVE_UP_AFTER
    is_erased: bool = False


async def handle_each(db: Database, clock: Clock, errands: Errands) -> int:
    """Handle every message that is due, the oldest of a lane first; how many have ended.

    After Retry or Reconnect the message is tried again later, ever more seldom, and with it the
    rest of its lane; Broken or NotFound is its end; whatever else is raised is logged, and it is
    tried again later by itself.
    """
    return await _Round(db, clock, errands).run()


class _Round:
    """One look at what is due."""

    def __init__(self, db: Database, clock: Clock, errands: Errands) -> None:
        self._db = db
        self._clock = clock
        self._errands = errands
        self._free = asyncio.Semaphore(AT_ONCE)
        self._held: dict[str, OoError] = {}  # lanes, and what they wait for

    async def run(self) -> int:
        now, last, ended = self._clock.now(), 0, 0
        while waiting := await self._due(now, last):
            last = waiting[-1].id
            lane = self._errands.lane
            lanes = groupby(sorted(waiting, key=lane), key=lane)
            outcomes = await asyncio.gather(
                *(self._in_turn(name, list(own)) for name, own in lanes), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
                ended += outcome
        return ended

    async def _due(self, now: datetime, after: int) -> list[Message]:
        async with self._db.read_hot() as connection:
            return await outbox.waiting(connection, self._errands.subject, BATCH, after, now)

    async def _in_turn(self, lane: str, messages: Sequence[Message]) -> int:
        ended = 0
        async with self._free:
            for message in messages:
                ended += await self._handle(lane, message)
        return ended

    async def _handle(self, lane: str, message: Message) -> bool:
        held = self._held.get(lane)
        if held is not None:
            return await self._later(message, held)
        try:
            with about(message.user_id):
                outcome = await self._errands.handle(message)
        except (Retry, Reconnect) as error:
            self._held[lane] = error
            return await self._later(message, error)
        except (Broken, NotFound) as error:
            log.warning("message %d is given up: %s", message.id, error.detail)
            return await self._end(message, Outcome.GIVEN_UP, error.detail)
        except Exception:  # whatever is wrong with one message, the others go on
            log.exception("message %d cannot be handled", message.id)
            return await self._later(message, OoError("oO could not do it."))
        return await self._end(message, outcome)

    async def _later(self, message: Message, error: OoError) -> bool:
        now = self._clock.now()
        if now >= message.created_at + self._errands.within:
            log.warning("message %d is given up: %s", message.id, error.detail)
            return await self._end(message, Outcome.GIVEN_UP, error.detail)
        log.info("message %d is handled later: %s", message.id, error.detail)
        async with self._db.write() as connection:
            next_at = now + _pause(message, error)
            await outbox.postpone(connection, message.id, next_at, error.detail)
        return False

    async def _end(self, message: Message, outcome: Outcome, error: str | None = None) -> bool:
        async with self._db.write() as connection:
            if self._errands.is_erased:
                await outbox.forget(connection, message.id)
            else:
                await outbox.end(connection, message.id, outcome, self._clock.now(), error)
        return True


def _pause(message: Message, error: OoError) -> timedelta:
    share = SHORTEST + (1 - SHORTEST) * (message.id * 0.618 % 1)
    asked = timedelta(seconds=error.retry_after or 0)
    return max(PAUSES.after(message.attempts + 1) * share, asked)
