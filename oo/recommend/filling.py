"""Making candidates ahead of need: context → writer → pool."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from oo.domain.context import DayPart
from oo.domain.pools import LOW_WATER, POOL_SIZE
from oo.domain.tips import TipCandidate
from oo.kit.clock import Clock
from oo.kit.ids import new_id
from oo.recommend.ports import Assembler, Draft, Writer
from oo.store import candidates
from oo.store.database import Database

FALLBACK_LIFE = timedelta(minutes=10)
TRY_AGAIN_S = 30.0


class _Tried(NamedTuple):
    key: str
    at: float


class Filled(NamedTuple):
    """What a fill did: candidates written by the model, by templates, or none if still good."""

    by_model: int
    by_template: int
    fresh_already: bool


class PoolFiller:
    """Fills people's pools; one replica may fill many at once, each person's once at a time."""

    def __init__(self, db: Database, clock: Clock, assembler: Assembler, writer: Writer) -> None:
        self._db = db
        self._clock = clock
        self._assembler = assembler
        self._writer = writer
        self._under_way: dict[str, asyncio.Task[Filled]] = {}
        self._tried: dict[str, _Tried] = {}

    async def fill(self, user_id: str, deadline_s: float) -> Filled:
        """Bring the person's pool to POOL_SIZE candidates for their situation now.

        A pool that was made for the same context, prompt and model stays. Candidates end with the
        part of the day that they were written for, since what they say may not hold after it.
        """
        task = self._under_way.get(user_id)
        if task is None:
            task = asyncio.create_task(self._fill(user_id, deadline_s))
            self._under_way[user_id] = task
            task.add_done_callback(lambda _: self._under_way.pop(user_id, None))
        return await asyncio.shield(task)

    async def _fill(self, user_id: str, deadline_s: float) -> Filled:
        assembled = await self._assembler.assemble(user_id)
        if assembled is None or not assembled.context.tasks:
            return Filled(0, 0, fresh_already=True)
        key = self._writer.pool_key(assembled.context)
        if await self._is_good(user_id, key):
            return Filled(0, 0, fresh_already=True)
        drafts = await self._writer.write(assembled.context, POOL_SIZE, deadline_s)
        fresh = identify(drafts, self._clock, end_of_daypart(assembled.local))
        async with self._db.write() as connection:
            said = await candidates.said(connection, user_id, key)
            fresh = [candidate for candidate in fresh if candidate.content not in said]
            await candidates.replace(connection, user_id, key, fresh, self._clock.now())
        if len(self._tried) > 10_000:
            self._tried.clear()
        written = sum(candidate.source == "llm" for candidate in fresh)
        if written:  # a model that did not answer may be asked again at once
            self._tried[user_id] = _Tried(key, self._clock.monotonic())
        return Filled(written, len(fresh) - written, fresh_already=False)

    async def _is_good(self, user_id: str, key: str) -> bool:
        tried = self._tried.get(user_id)
        if tried and tried.key == key and self._clock.monotonic() - tried.at < TRY_AGAIN_S:
            return True
        async with self._db.read() as connection:
            pool = (await candidates.live(connection, [user_id], self._clock.now()))[user_id]
        return sum(e.pool_key == key and e.candidate.source == "llm" for e in pool) >= LOW_WATER


def identify(drafts: Sequence[Draft], clock: Clock, expires_at: datetime) -> list[TipCandidate]:
    """Drafts as candidates with an identity; those of a template live FALLBACK_LIFE at most."""
    now = clock.now()
    return [
        TipCandidate(
            id=new_id(clock),
            kind=draft.kind,
            content=draft.content,
            source=draft.source,
            model=draft.model,
            prompt_version=draft.prompt_version,
            confidence=draft.confidence,
            task_id=draft.task_id,
            created_at=now,
            expires_at=expires_at
            if draft.source == "llm"
            else min(expires_at, now + FALLBACK_LIFE),
        )
        for draft in drafts
    ]


def end_of_daypart(local: datetime) -> datetime:
    """The instant at which the part of the day that `local` lies in ends (also at midnight)."""
    part = DayPart.of(local.hour)
    edge = local.replace(minute=0, second=0, microsecond=0)
    while True:
        edge += timedelta(hours=1)
        if edge.timetz().replace(tzinfo=None) == time(0) or DayPart.of(edge.hour) is not part:
            return edge
