"""The nightly batch: candidates for everybody active, for the hour at which each usually comes.

Who is in it and who has had their turn is in the store, so whichever process goes on with a batch
goes on where it was. Those who come soonest go first.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from oo.domain.pools import Ahead, Ended
from oo.domain.ports import FillsPools
from oo.domain.usual_hour import next_visit
from oo.kit.clock import Clock
from oo.kit.errors import Unavailable
from oo.kit.ids import new_id
from oo.kit.pseudonym import mark
from oo.kit.setting_groups import Nightly
from oo.store import batches
from oo.store.batches import Progress, Turn
from oo.store.database import Database

log = logging.getLogger(__name__)

PIECE_S = 55.0  # then it says how far it is, and makes sure that the model is there
TAKEN = 64  # people who are looked up at a time
ATTEMPTS = 3
WINDOW = timedelta(hours=4)  # a night that was missed by more is left out


async def plan(db: Database, clock: Clock, active_days: int) -> Progress | None:
    """Begin a batch of all who were active in that many days; None if there is nobody."""
    now = clock.now()
    async with db.read() as connection:
        people = await batches.active(connection, now, now - timedelta(days=active_days))
    turns = [
        Turn(one.user_id, next_visit(one.profile, ZoneInfo(one.timezone), now)) for one in people
    ]
    if not turns:
        return None
    batch_id = new_id(clock)
    async with db.write() as connection:
        await batches.begin(connection, batch_id, turns, now)
        return await batches.progress(connection, batch_id)


def is_due(newest: Progress | None, hour: int, now: datetime) -> bool:
    """Whether tonight's batch is to begin: its hour came not long ago, and it has not begun."""
    begins = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if begins > now:
        begins -= timedelta(days=1)
    return now - begins < WINDOW and (newest is None or newest.started_at < begins)


async def work(
    db: Database, clock: Clock, pools: FillsPools, batch: Progress, nightly: Nightly
) -> int:
    """Go on with the batch for PIECE_S at the most; how many people had their turn."""
    until = clock.monotonic() + PIECE_S
    given = 0
    while clock.monotonic() < until:
        async with db.read() as connection:
            turns = await batches.waiting(connection, batch.id, TAKEN)
        if not turns:
            async with db.write() as connection:
                await batches.finish(connection, batch.id, clock.now())
            break
        tried = _Turns(db, clock, pools, batch.id, turns, until)
        await asyncio.gather(*(tried.give() for _ in range(nightly.at_once)))
        given += tried.given
        if tried.failed > tried.given:
            break  # whatever is wrong is not with single people
    async with db.read() as connection:
        now = await batches.progress(connection, batch.id)
    log.info("nightly batch: %d of %d people, %s", now.done, now.people, now.outcomes)
    return given


class _Turns:
    """Some turns of a batch, given by several workers."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        pools: FillsPools,
        batch_id: str,
        turns: Sequence[Turn],
        until: float,
    ) -> None:
        self._db = db
        self._clock = clock
        self._pools = pools
        self._batch_id = batch_id
        self._turns = iter(turns)
        self._until = until
        self.given = self.failed = 0

    async def give(self) -> None:
        """Give one turn after the other while there are any."""
        for turn in self._turns:
            if self._clock.monotonic() >= self._until:
                return
            ahead = Ahead(self._batch_id, turn.at)
            try:
                ended = await self._pools.fill_ahead(turn.user_id, ahead)
            except Unavailable as error:
                log.info("a turn is given later: %r", error)
                self.failed += 1
                return  # the part that fills is away: nobody's turn failed
            except Exception:  # whatever is wrong with one person, the others have their turns
                log.exception("the turn of %s failed", mark(turn.user_id))
                ended = Ended.FAILED
            if ended is Ended.LATER:
                self.failed += 1
                return
            if ended is not Ended.FAILED:
                self.given += 1
                continue
            self.failed += 1
            async with self._db.write() as connection:
                now = self._clock.now()
                await batches.note_failure(connection, self._batch_id, turn.user_id, ATTEMPTS, now)
