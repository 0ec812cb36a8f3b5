"""`POST /recommend`: candidates → rank → render, in time, with a fallback at each step."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from oo.domain.claims import holds
from oo.domain.decisions import Decision
from oo.domain.policies import generator, sample
from oo.domain.profile import DEFAULTS
from oo.domain.statistics import day_of
from oo.domain.tips import Offer, TipCandidate
from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer, Take
from oo.kit.errors import Unauthorized, Unavailable
from oo.kit.ids import new_id
from oo.kit.metrics import TIPS
from oo.kit.single_flight import SingleFlight
from oo.recommend import pool
from oo.recommend.fallback import FallbackPool
from oo.recommend.pool import GONE, Pool, Stock, is_enough
from oo.recommend.ports import FeatureColumns, Ranker, Refill
from oo.recommend.profile_cache import Profiles
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import decisions, users
from oo.store.candidates import PoolEntry
from oo.store.database import Database, Hot

log = logging.getLogger(__name__)

# Parts of a request's deadline. Where a machine or a test is given more time, each step has more.
COMMIT_RESERVE = 0.45  # composing included, where the model was waited for in vain
RANK_LIMIT = 0.3
PROFILE_LIMIT = 0.15
LINGER_S = 0.003
AT_ONCE = 64  # decisions in a batch: it is over well within the deadline of those who wait for it


class Account(NamedTuple):
    """The person behind a request, as their row stood when the session was looked up."""

    user_id: str
    user_seq: int
    pool_version: int
    timezone: str


class Served(NamedTuple):
    """The tip that was decided on; its decision is committed."""

    decision: Decision
    entry: PoolEntry

    @property
    def candidate(self) -> TipCandidate:
        return self.decision.candidate


class Nothing(NamedTuple):
    """No tip is worth showing; `reason` is a code that pages turn into words."""

    reason: str


class _Moved(Exception):
    """What was picked no longer holds: the person's list, zone or clock moved while it was."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.user_id)
        self.account = account


class _Ready(NamedTuple):
    """A person whose candidates are at hand; what a decision is made from."""

    account: Account
    stock: Stock
    entries: list[PoolEntry]
    request: ScoreRequest
    at: datetime
    started: float


class Recommender:
    """One process's way from a person to a tip.

    People who ask at the same time are decided on together: one call to their shards, one commit.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        pool: Pool,
        profiles: Profiles,
        features: FeatureColumns,
        ranker: Ranker,
        refill: Refill,
        fallback: FallbackPool,
        seeds: Callable[[], int],
        deadline_s: float,
    ) -> None:
        self._db = db
        self._clock = clock
        self._pool = pool
        self._profiles = profiles
        self._features = features
        self._ranker = ranker
        self._refill = refill
        self._fallback = fallback
        self._seeds = seeds
        self._deadline_s = deadline_s
        self._making: SingleFlight[str, Stock | None] = SingleFlight()
        self._decisions: Coalescer[_Ready, Served] = Coalescer(
            self._decide, AT_ONCE, LINGER_S, perishable=True
        )

    def set_deadline(self, seconds: float) -> None:
        """Change how long a request may take, from the next one on."""
        self._deadline_s = seconds

    async def recommend(self, account: Account) -> Served | Nothing:
        """Decide on one tip for the person and log the decision before returning it.

        Raises Unavailable when even the store does not answer within the deadline.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._recommend(account)
        except TimeoutError:
            raise Unavailable("oO is busy; ask again in a moment.", retry_after=1) from None

    async def _recommend(self, account: Account) -> Served | Nothing:
        started = self._clock.monotonic()
        while True:
            try:
                return await self._attempt(account, started)
            except _Moved as moved:
                account = moved.account

    async def _attempt(self, account: Account, started: float) -> Served | Nothing:
        stock = await self._pool.stock(account.user_id, account.pool_version)
        entries = stock.eligible(self._clock.now())
        if not entries:
            made = await self._making.join(account.user_id, lambda: self._make(account, started))
            if made is None:
                return Nothing(await self._fallback.why_nothing(account.user_id))
            stock = made
            entries = stock.eligible(self._clock.now())
            if not entries:
                raise _Moved(account)
        else:
            TIPS.inc("pool")
            if not is_enough(entries):
                self._refill.behind(account.user_id)
        now = self._clock.now()
        features = self._features(
            now.astimezone(stock.standing.zone),
            [Offer(e.candidate.kind, e.candidate.confidence, e.task) for e in entries],
            await self._profile(account),
            stock.signals,
        )
        request = ScoreRequest(
            account.user_id, account.user_seq, self._seeds(), features, day_of(now)
        )
        return await self._decisions.submit(_Ready(account, stock, entries, request, now, started))

    async def _profile(self, account: Account) -> Mapping[str, float]:
        """The person's profile, or that of somebody unknown when it is not there in time."""
        cached = self._profiles.at_hand(account.user_id, account.user_seq)
        if cached is not None:
            return cached.values  # most requests: without a timer
        try:
            async with asyncio.timeout(PROFILE_LIMIT * self._deadline_s):
                return (await self._profiles.get(account.user_id, account.user_seq)).values
        except Exception as error:
            log.warning("a tip is picked without the person's profile: %r", error)
            return DEFAULTS

    async def _make(self, account: Account, started: float) -> Stock | None:
        """Fill an empty pool: by the model if it answers in time, else from templates.

        None where there is nothing to speak of.
        """
        usable = (1 - RANK_LIMIT - COMMIT_RESERVE) * self._deadline_s
        try:
            await self._refill.now(account.user_id, usable - (self._clock.monotonic() - started))
        except Exception as error:
            log.info("no candidates in time, templates serve: %r", error)
            self._refill.behind(account.user_id)
        else:
            stock = await self._pool.reload(account.user_id)
            if stock.eligible(self._clock.now()):
                TIPS.inc("model")
                return stock
        if not await self._fallback.make(account.user_id):
            return None
        TIPS.inc("composed")
        return await self._pool.reload(account.user_id)

    async def _decide(self, take: Take[_Ready]) -> list[Served | Exception]:
        batch = take()
        answers = await self._rank([ready.request for ready in batch])
        made = [self._decision(ready, answer) for ready, answer in zip(batch, answers, strict=True)]
        async with self._db.write_hot() as connection:
            moved = await self._moved(connection, made, batch)
            kept = [decision for decision in made if decision.id not in moved]
            if kept:
                await decisions.append(connection, kept)
                await decisions.point_out_late(connection, kept, self._clock.now())
        return [
            moved.get(decision.id) or Served(decision, ready.entries[decision.chosen])
            for decision, ready in zip(made, batch, strict=True)
        ]

    async def _moved(
        self, connection: Hot, made: Sequence[Decision], batch: Sequence[_Ready]
    ) -> dict[str, Exception]:
        """The decisions, by id, that may not be committed: the tip no longer holds.

        It costs one read by primary key for the whole batch, in the transaction that commits it:
        SQLite has no other writer then. In PostgreSQL a change that commits after this read comes
        after the decision; locking reactions out for it would make them wait for tips. Only
        erasing waits.
        """
        heads = await users.heads_kept(connection, {ready.account.user_id for ready in batch})
        now = self._clock.now()
        stale = {
            ready.account.user_id
            for ready in batch
            if (head := heads.get(ready.account.user_id))
            and head.pool_version != ready.stock.version
        }
        fresh = await pool.load(connection, stale, now) if stale else {}
        found: dict[str, Exception] = {}
        for decision, ready in zip(made, batch, strict=True):
            user_id, entry = ready.account.user_id, ready.entries[decision.chosen]
            if user_id not in heads:
                found[decision.id] = Unauthorized(GONE)
            elif not _still_holds(entry, fresh.get(user_id, ready.stock), now):
                head = heads[user_id]
                account = Account(user_id, head.user_seq, head.pool_version, head.timezone)
                found[decision.id] = _Moved(account)
        return found

    async def _rank(self, requests: list[ScoreRequest]) -> Sequence[Choice | Exception]:
        """The shards' picks; an exception where there is none in time."""
        try:
            async with asyncio.timeout(RANK_LIMIT * self._deadline_s):
                return await self._ranker.score(requests)
        except Exception as error:
            return [error] * len(requests)

    def _decision(self, ready: _Ready, answer: Choice | Exception) -> Decision:
        degraded = None
        if isinstance(answer, Exception):
            degraded = "ranking_late" if isinstance(answer, TimeoutError) else "ranking_failed"
            log.warning("a random candidate serves (%s): %r", degraded, answer)
            answer = _random(ready.request, len(ready.entries))
        return Decision(
            id=new_id(self._clock),
            user_id=ready.account.user_id,
            created_at=ready.at,
            candidate=ready.entries[answer.chosen].candidate,
            candidate_ids=[entry.candidate.id for entry in ready.entries],
            chosen=answer.chosen,
            policy=answer.policy,
            policy_version=answer.policy_version,
            seed=ready.request.seed,
            state_seq=answer.state_seq,
            propensities=answer.propensities,
            scores=answer.scores,
            features=ready.request.features,
            degraded=degraded,
            latency_ms=(self._clock.monotonic() - ready.started) * 1000,
        )


def _still_holds(entry: PoolEntry, stock: Stock, now: datetime) -> bool:
    """Whether what the tip says is still so; that another answer used it meanwhile is no harm.

    Asking for more would let people who react quickly in several places start each other again.
    """
    moment = stock.standing.at(now)
    claims = entry.candidate.claims
    return entry.candidate.expires_at > now and all(holds(claim, moment) for claim in claims)


def _random(request: ScoreRequest, count: int) -> Choice:
    """Any candidate with equal probability, repeatable from the seed (F6)."""
    propensities = np.full(count, 1.0 / count)
    chosen = sample(propensities, generator(request.seed))
    return Choice(chosen, [0.0] * count, propensities.tolist(), "random", "1", request.user_seq)
