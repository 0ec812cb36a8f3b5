"""Erasing people who asked for it, a batch of rows at a time."""

from datetime import datetime, timedelta

from oo.kit.clock import Clock
from oo.store import erasures
from oo.store.database import Database
from oo.store.erasure_log import Erased, ErasureLog
from oo.store.key_copies import KeyCopy

ACTOR = "job:erase-people"
PEOPLE = 200  # at a time: some may wait for their provider for hours
WITHIN = timedelta(hours=20)  # a provider that does not answer holds up nobody's erasure


async def erase_people(db: Database, clock: Clock, log: ErasureLog) -> int:
    """Erase those who wait; how many rows that was. May be cut off anywhere and go on later."""
    async with db.read() as connection:
        people = await erasures.waiting(connection, PEOPLE)
    return sum([await _erase(db, clock, log, person) for person in people])


async def _erase(db: Database, clock: Clock, log: ErasureLog, user_id: str) -> int:
    now, done = clock.now(), 0
    async with db.write() as connection:
        # also for whom an earlier release has marked as deleted; without effect for all others
        receipt = await erasures.begin(connection, user_id, now, ACTOR)
    if receipt is None:
        return 0
    # before a row goes: a backup of before is then held against it, whatever happens here
    log.add(Erased(receipt.person, receipt.asked_at, receipt.id))
    while True:
        async with db.write() as connection:
            gone = await erasures.erase_some(connection, user_id)
        done += gone
        if not gone:
            break
    async with db.write() as connection:
        if _must_wait(receipt.asked_at, now) and await erasures.is_revoking(connection, user_id):
            return done
        before = sum(receipt.counts.values()) + done
        finished = await erasures.finish(connection, user_id, now, ACTOR)
    KeyCopy(log.path.parent).forget(user_id)
    return done + sum(finished.counts.values()) - before


def _must_wait(asked_at: datetime, now: datetime) -> bool:
    return now < asked_at + WITHIN


async def erase_again(db: Database, clock: Clock, log: ErasureLog, actor: str) -> int:
    """Erase whoever the log says was erased, and a restored backup has brought back; how many.

    Their grants were revoked the first time.
    """
    known = log.read()
    async with db.read() as connection:
        back = await erasures.find(connection, known.keys())
    for user_id in back:
        erased = known[erasures.hashed(user_id)]
        async with db.write() as connection:
            await erasures.begin(
                connection,
                user_id,
                clock.now(),
                actor,
                "erased before a backup was restored",
                receipt=erased.receipt,
                revoke=False,
            )
            await erasures.finish(connection, user_id, clock.now(), actor)
    return len(back)
