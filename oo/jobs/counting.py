"""Keeps the counts by hour and by day of which the console's pages are made.

Each hour that has changed, and each that is not over, is counted as a whole beside the connections
that tips are served on; only what differs is written, a few hours at a time. Some hours and a day
are looked at again whether or not anything is known to have changed: what was missed heals.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock
from oo.store import daily, hour_notes, hourly
from oo.store.daily import day_number, day_start
from oo.store.database import Database
from oo.store.hour_notes import SETTLES
from oo.store.hourly import State, hour_number, hour_start
from oo.store.readonly import aside

log = logging.getLogger(__name__)

EVERY_S = 60.0
LAG = timedelta(seconds=5)  # so long before now everything but a straggler is committed
OVERLAP = timedelta(minutes=5)  # what was committed late is looked for again
LIMIT_S = 600.0  # for the first time in a large store
AT_ONCE = 6  # hours per transaction
AGAIN = 360  # runs in which each hour is looked at again once: six hours
DAYS = 31  # that arrivals are kept for


class _SomebodyElse(Exception):
    """Another process is counting."""


async def keep(db: Database, clock: Clock) -> int:
    """Bring all counts up to date; how many hours and days were written anew."""
    now = clock.now()
    async with db.read() as connection:
        known = await hourly.state(connection)
    if known is None:
        async with db.write() as connection:
            known = await hourly.begin(connection, now)
    try:
        async with aside(db, LIMIT_S) as log_itself:
            return await _Run(db, log_itself, now, known).all()
    except _SomebodyElse:
        log.info("another process is counting; it goes on")
        return 0


class _Run:
    """One look at everything; `read` is the connection that counts."""

    def __init__(self, db: Database, read: AsyncConnection, now: datetime, known: State) -> None:
        self._db = db
        self._read = read
        self._now = now
        self._until = now - LAG
        self._known = known

    async def all(self) -> int:
        """Count what there is to count."""
        found = await hourly.changed(self._read, self._known.looked_at - OVERLAP)
        written = await self._hours(found.hours)
        written += await self._days({day_number(at) for at in found.arrivals})
        async with self._db.write() as connection:
            await self._advance(connection, looked_at=self._now)
            await hour_notes.forget_notes(connection, found.notes)
        return written

    async def _hours(self, changed: frozenset[int]) -> int:
        """Count the hours that are not over, those that have changed, and some of the others."""
        known, over = self._known, hour_number(self._now - SETTLES)
        cut = known.whole_from - 1  # a purge has taken some of it, and all before
        old = {it for it in changed if cut <= it < known.until_hour}
        oldest = await hourly.oldest(self._read)
        if oldest is not None:
            old |= _some(range(oldest, known.until_hour), AGAIN, self._now)
        written = 0
        for hours in _pieces(sorted(old)):
            written += await self._count(hours)
        for hours in _pieces(range(known.until_hour, hour_number(self._until) + 1)):
            after = hours[-1] + 1
            until = max(known.until, min(hour_start(after), self._until))
            written += await self._count(hours, until=until, until_hour=min(after, over))
        return written

    async def _count(self, hours: Sequence[int], **moved: object) -> int:
        found = await hourly.counted(self._read, hours, self._until)
        differ = {table: made for table, (made, kept) in found.items() if made != kept}
        if differ or moved:
            async with self._db.write() as connection:
                await self._advance(connection, **moved)
                await hourly.replace(connection, hours, differ)
        return len(hours) if differ else 0

    async def _days(self, changed: set[int]) -> int:
        """Count the days that are not over, those that have changed, and one of the others."""
        today, first = day_number(self._until), day_number(self._until) - DAYS
        lately = range(max(first, day_number(self._known.people_until)), today + 1)
        old = {day for day in changed if first <= day <= today}
        old |= _some(range(first, today), DAYS, self._now)
        written = 0
        for day in (*sorted(old - set(lately)), *lately):
            made, kept = await daily.counted(self._read, day, self._until)
            until = min(day_start(day + 1), self._until)
            async with self._db.write() as connection:
                moved = {"people_until": until} if day in lately else {}
                await self._advance(connection, **moved)
                if made != kept:
                    await daily.replace(connection, day, made)
                    written += 1
        async with self._db.write() as connection:
            await daily.forget_before(connection, first)
        return written

    async def _advance(self, connection: AsyncConnection, **changes: object) -> None:
        after = await hourly.advance(connection, self._known, **changes)
        if after is None:
            raise _SomebodyElse
        self._known = after


def _some(of: range, every: int, now: datetime) -> set[int]:
    """Those whose turn it is in this run; each has one in so many runs."""
    turn = int(now.timestamp() / EVERY_S) % every
    return {it for it in of if it % every == turn}


def _pieces(of: Sequence[int]) -> Iterator[Sequence[int]]:
    return (of[start : start + AT_ONCE] for start in range(0, len(of), AT_ONCE))
