"""Making candidates for the hour at which a person usually comes: a turn in a nightly batch."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from oo.domain.context import PromptContext
from oo.domain.due import end_of_daypart, start_of_daypart
from oo.domain.pools import LOW_WATER, POOL_SIZE, Ahead, Ended
from oo.kit.clock import Clock
from oo.kit.metrics import FILLS
from oo.recommend import pool
from oo.recommend.filling import (
    identify,
    may_keep,
    set_good,
    terms_of,
    writings_of,
    written_alike,
)
from oo.recommend.pool import is_enough
from oo.recommend.ports import Assembler, Writer, Written
from oo.store import batches, candidates, model_calls, users, writings
from oo.store.database import Database


class AheadFiller:
    """Gives people their turns. What a turn makes and that it was had are one transaction.

    So a process may be killed at any point: nobody has had a turn without candidates, and nobody
    has it twice.
    """

    def __init__(self, db: Database, clock: Clock, assembler: Assembler, writer: Writer) -> None:
        self._db = db
        self._clock = clock
        self._assembler = assembler
        self._writer = writer

    async def fill(self, user_id: str, turn: Ahead, deadline_s: float) -> Ended:
        """Make candidates for the instant of the turn, if the person still waits for it.

        After FAILED and LATER the turn is not over.
        """
        async with self._db.read() as connection:
            if not await batches.is_waiting(connection, turn.batch_id, user_id):
                return Ended.GOOD
            head = (await users.heads(connection, [user_id])).get(user_id)
        if head is None:  # erased meanwhile
            return await self._end(user_id, turn, Ended.NOTHING)
        now = self._clock.now()
        at = turn.at if _is_later(turn.at, now, ZoneInfo(head.timezone)) else now
        assembled = await self._assembler.assemble(user_id, at)
        if assembled is None or not assembled.context.tasks:
            return await self._end(user_id, turn, Ended.NOTHING)
        terms = await terms_of(self._db, user_id, now)
        key = self._writer.pool_key(assembled.context, terms.cloud_consent)
        async with self._db.read() as connection:
            stock = (await pool.load(connection, [user_id], at)).get(user_id)
        if stock is not None and is_enough(written_alike(stock, key, at)):
            return await self._end(user_id, turn, Ended.GOOD)
        written = await self._writer.write(assembled.context, POOL_SIZE, deadline_s, terms)
        return await self._put(user_id, turn._replace(at=at), key, assembled.context, written)

    async def _end(self, user_id: str, turn: Ahead, ended: Ended) -> Ended:
        async with self._db.write() as connection:
            await batches.end_turn(connection, turn.batch_id, user_id, ended, self._clock.now())
        return ended

    async def _put(
        self, user_id: str, turn: Ahead, key: str, context: PromptContext, written: Written
    ) -> Ended:
        async with self._db.write() as connection:
            await users.lock(connection, [user_id])
            now = self._clock.now()
            at = max(turn.at, now)
            stock = (await pool.load(connection, [user_id], at, written.claims)).get(user_id)
            if stock is None:
                await batches.end_turn(connection, turn.batch_id, user_id, Ended.NOTHING, now)
                return Ended.NOTHING
            await model_calls.add(connection, user_id, written.calls, now)
            if not await may_keep(connection, user_id, written):
                return Ended.FAILED
            if not await batches.is_waiting(connection, turn.batch_id, user_id):
                return Ended.GOOD  # another process gave it meanwhile
            moment = stock.standing.at(at)
            said = await candidates.said(connection, user_id, key)
            fresh = [
                candidate
                for candidate in identify(written.drafts, self._clock, moment)
                if candidate.source == "llm" and candidate.content not in said
            ]
            if len(fresh) < LOW_WATER:
                return Ended.LATER if written.is_cut_short else Ended.FAILED
            await batches.end_turn(connection, turn.batch_id, user_id, Ended.MADE, now)
            made = writings_of(fresh, written, context)
            version = stock.version + 1
            if _is_later(at, now, stock.standing.zone):
                starts_at = start_of_daypart(moment.local)
                await candidates.replace(connection, user_id, key, fresh, now, starts_at)
                await writings.keep(connection, user_id, made, now)
                # what is for now is no worse than before
                await users.keep_filled(connection, user_id, stock.version, version)
            else:
                await candidates.replace(connection, user_id, key, fresh, now)
                await writings.keep(connection, user_id, made, now)
                stock = await pool.after_a_fill(connection, user_id, stock, now)
                good = written_alike(stock, key, now)
                if is_enough(good):
                    await set_good(connection, user_id, version, good, now)
        FILLS.inc("ahead")
        return Ended.MADE


def _is_later(at: datetime, now: datetime, zone: tzinfo) -> bool:
    """Whether it lies in a later part of the day: what is for now does not last till then."""
    return end_of_daypart(at.astimezone(zone)) > end_of_daypart(now.astimezone(zone))
