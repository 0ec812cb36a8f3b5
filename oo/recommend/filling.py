"""Making candidates ahead of need: context → writer → pool."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cachetools import LRUCache

from oo.domain.claims import bounded, holds
from oo.domain.consents import CLOUD_MODELS
from oo.domain.context import PromptContext
from oo.domain.due import end_of_daypart
from oo.domain.model_calls import Place, Terms
from oo.domain.pools import LOW_WATER, POOL_SIZE
from oo.domain.standing import Moment
from oo.domain.tips import TipCandidate
from oo.kit.clock import Clock
from oo.kit.ids import new_id
from oo.kit.metrics import FILLS, REFRESHED
from oo.kit.pauses import Pauses
from oo.kit.single_flight import SingleFlight
from oo.recommend import pool
from oo.recommend.pool import Stock, is_enough
from oo.recommend.ports import Assembled, Assembler, Draft, Writer, Written
from oo.store import candidates, consents, model_calls, users, writings
from oo.store.candidates import PoolEntry
from oo.store.database import Database, Hot
from oo.store.writings import Writing

FALLBACK_LIFE = timedelta(minutes=10)
NO_TASKS = "nothing to speak of"
# by person, for the same context, prompt and model: a fill that changes nothing keeps the engine
# from others
UNANSWERED = Pauses(timedelta(seconds=2), timedelta(seconds=15))  # soon, for engines come back
TOO_FEW = Pauses(timedelta(seconds=30), timedelta(minutes=30))  # it repeats itself, or is refused
EMPTY = Pauses(timedelta(seconds=30), timedelta(minutes=10))  # all tasks rest, or are not theirs


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
        self._under_way: SingleFlight[str, Filled] = SingleFlight()
        # by person: what the last fills in a row were for, and how many did not make the pool good
        self._setbacks: LRUCache[str, tuple[str, int]] = LRUCache(20_000)

    async def fill(self, user_id: str, deadline_s: float) -> Filled:
        """Bring the person's pool to POOL_SIZE candidates for their situation now.

        A pool with enough candidates of the same context, prompt and model stays. Candidates end
        when the clock ends what they claim, with their part of the day at the latest.
        """
        return await self._under_way.join(user_id, lambda: self._fill(user_id, deadline_s))

    async def _fill(self, user_id: str, deadline_s: float) -> Filled:
        nothing = Filled(0, 0, fresh_already=True)
        if await self._is_looked_after(user_id):
            return nothing
        assembled = await self._assembler.assemble(user_id)
        if assembled is None:
            return nothing
        if not assembled.context.tasks:
            await self._leave(user_id, assembled.pool_version)
            return nothing
        terms = await terms_of(self._db, user_id, self._clock.now())
        key = self._writer.pool_key(assembled.context, terms.cloud_consent)
        if await self._is_good(user_id, key):
            return nothing
        written = await self._writer.write(assembled.context, POOL_SIZE, deadline_s, terms)
        return await self._put(user_id, key, assembled, written)

    async def _is_looked_after(self, user_id: str) -> bool:
        """Whether nothing has changed and no time has come since a fill left the pool as it is."""
        async with self._db.read_hot() as connection:
            head = (await users.heads(connection, [user_id])).get(user_id)
        return (
            head is not None
            and head.filled_version == head.pool_version
            and head.look_again_at is not None
            and head.look_again_at > self._clock.now()
        )

    async def _is_good(self, user_id: str, key: str) -> bool:
        now = self._clock.now()
        async with self._db.read_hot() as connection:
            stock = (await pool.load(connection, [user_id], now)).get(user_id)
        good = written_alike(stock, key, now) if stock else []
        if stock is None or not is_enough(good):
            return False
        async with self._db.write_hot() as connection:
            await set_good(connection, user_id, stock.version, good, now)
        return True

    async def _leave(self, user_id: str, pool_version: int) -> None:
        """There is nothing to write about; a change of the list is looked at anyway."""
        look_again_at = self._clock.now() + EMPTY.after(self._times(user_id, NO_TASKS))
        async with self._db.write_hot() as connection:
            await users.set_filled(connection, user_id, pool_version, look_again_at)

    def _times(self, user_id: str, key: str) -> int:
        """How many fills in a row, with this one, did not make the pool good for `key`."""
        before, times = self._setbacks.get(user_id, (key, 0))
        times = times + 1 if before == key else 1
        self._setbacks[user_id] = (key, times)
        return times

    async def _put(self, user_id: str, key: str, assembled: Assembled, written: Written) -> Filled:
        async with self._db.write_hot() as connection:
            await users.lock(connection, [user_id])
            now = self._clock.now()
            stock = (await pool.load(connection, [user_id], now, written.claims)).get(user_id)
            if stock is None:
                return Filled(0, 0, fresh_already=True)  # deleted meanwhile
            await model_calls.add(connection, user_id, written.calls, now)
            if not await may_keep(connection, user_id, written):
                return Filled(0, 0, fresh_already=False)
            said = await candidates.said(connection, user_id, key)
            moment = stock.standing.at(now)  # writing took seconds: what was true may not be now
            fresh = [
                candidate
                for candidate in identify(written.drafts, self._clock, moment)
                if candidate.content not in said
            ]
            await candidates.replace(connection, user_id, key, fresh, now)
            made = writings_of(fresh, written, assembled.context)
            await writings.keep(connection, user_id, made, now)
            by_model = sum(candidate.source == "llm" for candidate in fresh)
            if stock.version == assembled.pool_version:
                stock = await pool.after_a_fill(connection, user_id, stock, now)
                good = written_alike(stock, key, now)
                if is_enough(good):
                    self._setbacks.pop(user_id, None)
                    await set_good(connection, user_id, stock.version, good, now)
                else:
                    wait = UNANSWERED if written.is_cut_short else TOO_FEW
                    look_again_at = now + wait.after(self._times(user_id, key))
                    await users.set_filled(connection, user_id, stock.version, look_again_at)
        FILLS.inc("now")
        return Filled(by_model, len(fresh) - by_model, fresh_already=False)


def writings_of(
    fresh: Sequence[TipCandidate], written: Written, context: PromptContext
) -> list[Writing]:
    """How each came to be, of those that a model wrote."""
    spoken = {draft.content: draft.spoken for draft in written.drafts if draft.spoken}
    places = {task.task_id: place for place, task in enumerate(context.tasks)}
    return [
        Writing(
            candidate.id,
            [dict(message) for message in written.messages],
            places.get(candidate.task_id or ""),
            spoken[candidate.content],
        )
        for candidate in fresh
        if candidate.content in spoken and written.messages
    ]


async def terms_of(db: Database, user_id: str, now: datetime) -> Terms:
    """On which terms models may be asked for the person."""
    async with db.read_hot() as connection:
        cloud_consent = await consents.is_given(connection, user_id, CLOUD_MODELS)
        spent = await model_calls.spent(connection, user_id, now)
    return Terms(cloud_consent, spent)


async def may_keep(connection: Hot, user_id: str, written: Written) -> bool:
    """Whether the person still allows how it was written: they may have said no meanwhile."""
    if all(call.place is not Place.CLOUD for call in written.calls):
        return True
    return await consents.is_given(connection, user_id, CLOUD_MODELS)


def written_alike(stock: Stock, key: str, now: datetime) -> list[PoolEntry]:
    """What may be served of those that would be written the same way today."""
    return [entry for entry in stock.eligible(now) if entry.pool_key == key]


async def set_good(
    connection: Hot,
    user_id: str,
    version: int,
    good: Sequence[PoolEntry],
    now: datetime,
) -> None:
    """Keep that at this version these are enough, until the clock ends too many of them."""
    head = (await users.heads(connection, [user_id])).get(user_id)
    if head is not None and head.changed_at is not None:
        REFRESHED.observe(max((now - head.changed_at).total_seconds(), 0.0))
    await users.set_filled(connection, user_id, version, _enough_until(good), is_good=True)


def _enough_until(good: Sequence[PoolEntry]) -> datetime:
    """The instant from which on, by the clock alone, these are no longer enough."""
    ends = (entry.candidate.expires_at for entry in good if entry.candidate.source == "llm")
    return sorted(ends, reverse=True)[LOW_WATER - 1]


def identify(drafts: Sequence[Draft], clock: Clock, moment: Moment) -> list[TipCandidate]:
    """Those drafts whose claims hold at `moment`, as candidates with an identity.

    They end when the clock ends the first of their claims; those of a template live FALLBACK_LIFE
    at most.
    """
    now = clock.now()
    found = []
    for draft in drafts:
        if not all(holds(claim, moment) for claim in draft.claims):
            continue
        claims = tuple(bounded(claim, moment) for claim in draft.claims)
        ends = [claim.until for claim in claims if claim.until is not None]
        if draft.source != "llm":
            ends.append(now + FALLBACK_LIFE)
        candidate = TipCandidate(
            id=new_id(clock),
            kind=draft.kind,
            content=draft.content,
            source=draft.source,
            model=draft.model,
            prompt_version=draft.prompt_version,
            confidence=draft.confidence,
            task_id=draft.task_id,
            created_at=now,
            expires_at=min(end_of_daypart(moment.local), *ends),
            claims=claims,
            activity=draft.activity,
            language=draft.language,
        )
        if candidate.expires_at > now:
            found.append(candidate)
    return found
