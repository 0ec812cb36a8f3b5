"""`POST /recommend`: candidates → rank → render, in time, with a fallback at each step."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from oo.domain.decisions import Decision, Opinion
from oo.domain.policies import generator, sample
from oo.domain.pools import LOW_WATER
from oo.domain.profile import DEFAULTS
from oo.domain.statistics import day_of
from oo.domain.tips import Offer, TipCandidate
from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer
from oo.kit.errors import Unavailable
from oo.kit.ids import new_id
from oo.recommend.fallback import FallbackPool
from oo.recommend.learner import Choice, ScoreRequest
from oo.recommend.pool import Pool
from oo.recommend.ports import FeatureColumns, Ranker, Refill
from oo.recommend.profile_cache import Profiles
from oo.store import decisions
from oo.store.candidates import PoolEntry
from oo.store.database import Database

log = logging.getLogger(__name__)

COMMIT_RESERVE_S = 0.4
RANK_LIMIT_S = 0.6
PROFILE_LIMIT_S = 0.3
LINGER_S = 0.003


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


class _Ready(NamedTuple):
    """A person whose candidates are at hand; what a decision is made from."""

    account: Account
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
        self._decisions: Coalescer[_Ready, Served] = Coalescer(self._decide, linger_s=LINGER_S)

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
        entries = await self._pool.eligible(account.user_id, account.pool_version)
        if not entries:
            entries = await self._make(account, started)
            if not entries:
                return Nothing(await self._fallback.why_nothing(account.user_id))
        elif sum(entry.candidate.source == "llm" for entry in entries) < LOW_WATER:
            self._refill.behind(account.user_id)
        now = self._clock.now()
        features = self._features(
            now.astimezone(ZoneInfo(account.timezone)),
            [Offer(e.candidate.kind, e.candidate.confidence, e.task) for e in entries],
            await self._profile(account),
        )
        request = ScoreRequest(
            account.user_id, account.user_seq, self._seeds(), features, day_of(now)
        )
        return await self._decisions.submit(_Ready(account, entries, request, now, started))

    async def _profile(self, account: Account) -> Mapping[str, float]:
        """The person's profile, or that of somebody unknown when it is not at hand in time."""
        try:
            async with asyncio.timeout(PROFILE_LIMIT_S):
                return (await self._profiles.get(account.user_id, account.user_seq)).values
        except Exception as error:
            log.warning("a tip is picked without the person's profile: %r", error)
            return DEFAULTS

    async def _make(self, account: Account, started: float) -> list[PoolEntry]:
        """Fill an empty pool: by the model if it answers in time, else from templates."""
        left = self._deadline_s - (self._clock.monotonic() - started)
        try:
            await self._refill.now(account.user_id, left - RANK_LIMIT_S - COMMIT_RESERVE_S)
        except Exception as error:
            log.info("no candidates in time, templates serve: %r", error)
            self._refill.behind(account.user_id)
        else:
            entries = await self._pool.reload(account.user_id)
            if entries:
                return entries
        return await self._fallback.make(account.user_id, ZoneInfo(account.timezone))

    async def _decide(self, batch: Sequence[_Ready]) -> list[Served | Exception]:
        answers = await self._rank([ready.request for ready in batch])
        made = [self._decision(ready, answer) for ready, answer in zip(batch, answers, strict=True)]
        async with self._db.write() as connection:
            await decisions.append(connection, made)
        return [
            Served(decision, ready.entries[decision.chosen])
            for decision, ready in zip(made, batch, strict=True)
        ]

    async def _rank(self, requests: list[ScoreRequest]) -> Sequence[Choice | Exception]:
        """The shards' picks; an exception where there is none in time."""
        try:
            async with asyncio.timeout(RANK_LIMIT_S):
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
            shadows=[_opinion(shadow) for shadow in answer.shadows],
        )


def _opinion(choice: Choice) -> Opinion:
    return Opinion(
        choice.policy,
        choice.policy_version,
        choice.state_seq,
        choice.chosen,
        choice.propensities,
        choice.scores,
    )


def _random(request: ScoreRequest, count: int) -> Choice:
    """Any candidate with equal probability, repeatable from the seed (F6)."""
    propensities = np.full(count, 1.0 / count)
    chosen = sample(propensities, generator(request.seed))
    return Choice(chosen, [0.0] * count, propensities.tolist(), "random", "1", request.user_seq)
