"""`POST /recommend`: candidates → rank → render, in time, with a fallback at each step."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from oo.domain.profile import DEFAULTS
from oo.domain.statistics import day_of
from oo.domain.tips import Offer
from oo.kit import tracing
from oo.kit.admission import Admission
from oo.kit.clock import Clock
from oo.kit.coalesce import Coalescer
from oo.kit.errors import Unavailable
from oo.kit.metrics import TIPS
from oo.kit.single_flight import SingleFlight
from oo.recommend.deciding import BUSY, RANK_LIMIT, Account, Decisions, Moved, Ready, Served
from oo.recommend.fallback import FallbackPool
from oo.recommend.pool import Pool, Stock, is_enough
from oo.recommend.ports import FeatureColumns, Ranker, Refill
from oo.recommend.profile_cache import Profiles
from oo.recommend.scoring import ScoreRequest
from oo.store.database import Database

log = logging.getLogger(__name__)

# Parts of a request's deadline. Where a machine or a test is given more time, each step has more.
COMMIT_RESERVE = 0.45  # composing included, where the model was waited for in vain
PROFILE_LIMIT = 0.15
IN_TIME = 0.75  # what takes longer tells that more is under way than the machine can do
LINGER_S = 0.003
AT_ONCE = 64  # decisions in a batch: it is over well within the deadline of those who wait for it


class Nothing(NamedTuple):
    """No tip is worth showing; `reason` is a code that pages turn into words."""

    reason: str


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
        self._refill = refill
        self._fallback = fallback
        self._seeds = seeds
        self._admission = Admission(clock, IN_TIME * deadline_s)
        self._making: SingleFlight[str, Stock | None] = SingleFlight()
        self._decisions = Decisions(db, clock, ranker, deadline_s)
        self._batches: Coalescer[Ready, Served] = Coalescer(
            self._decisions.decide, AT_ONCE, LINGER_S, perishable=True, name="decisions.decide"
        )

    def set_deadline(self, seconds: float) -> None:
        """Change how long a request may take, from the next one on."""
        self._decisions.deadline_s = seconds
        self._admission.in_time_s = IN_TIME * seconds

    @property
    def admission(self) -> Admission:
        """The door, before which requests wait."""
        return self._admission

    async def answer(self, who: Callable[[], Awaitable[Account]]) -> Served | Nothing:
        """As :meth:`recommend`, for who asks, once the machine has time for one more request.

        Raises what `who` raises, and Unavailable where the deadline is over before.
        """
        return await self._in_time(self._admitted(who, self._clock.monotonic()))

    async def recommend(self, account: Account) -> Served | Nothing:
        """Decide on one tip for the person and log the decision before returning it.

        Raises Unavailable when even the store does not answer within the deadline.
        """
        return await self._in_time(self._recommend(account, self._clock.monotonic()))

    async def _in_time(self, answer: Awaitable[Served | Nothing]) -> Served | Nothing:
        try:
            async with asyncio.timeout(self._decisions.deadline_s):
                return await answer
        except TimeoutError:
            raise Unavailable(BUSY, retry_after=1) from None

    async def _admitted(
        self, who: Callable[[], Awaitable[Account]], started: float
    ) -> Served | Nothing:
        with tracing.span("admission"):
            let_in = await self._admission.enter()
        try:
            with tracing.span("door"):
                account = await who()
            return await self._recommend(account, started)
        finally:
            self._admission.leave(let_in)

    async def _recommend(self, account: Account, started: float) -> Served | Nothing:
        while True:
            try:
                return await self._attempt(account, started)
            except Moved as moved:
                account = moved.account

    async def _attempt(self, account: Account, started: float) -> Served | Nothing:
        with tracing.span("pool"):
            stock = await self._pool.stock(account.user_id, account.pool_version)
        entries = stock.eligible(self._clock.now())
        if not entries:
            with tracing.span("pool.make"):
                made = await self._making.join(
                    account.user_id, lambda: self._make(account, started)
                )
            if made is None:
                return Nothing(await self._fallback.why_nothing(account.user_id))
            stock = made
            entries = stock.eligible(self._clock.now())
            if not entries:
                raise Moved(account)
        else:
            TIPS.inc("pool")
            if not is_enough(entries):
                self._refill.behind(account.user_id)
        now = self._clock.now()
        with tracing.span("features"):
            features = self._features(
                now.astimezone(stock.standing.zone),
                [Offer(e.candidate.kind, e.candidate.confidence, e.task) for e in entries],
                await self._profile(account),
                stock.signals,
            )
        request = ScoreRequest(
            account.user_id, account.user_seq, self._seeds(), features, day_of(now)
        )
        with tracing.span("decision"):
            return await self._batches.submit(Ready(account, stock, entries, request, now, started))

    async def _profile(self, account: Account) -> Mapping[str, float]:
        """The person's profile, or that of somebody unknown when it is not there in time."""
        asked = account.user_id, account.user_seq, account.past_version
        cached = self._profiles.at_hand(*asked)
        if cached is not None:
            return cached.values  # most requests: without a timer
        try:
            with tracing.span("profile"):
                async with asyncio.timeout(PROFILE_LIMIT * self._decisions.deadline_s):
                    return (await self._profiles.get(*asked)).values
        except Exception as error:
            log.warning("a tip is picked without the person's profile: %r", error)
            return DEFAULTS

    async def _make(self, account: Account, started: float) -> Stock | None:
        """Fill an empty pool: by the model if it answers in time, else from templates.

        None where there is nothing to speak of.
        """
        usable = (1 - RANK_LIMIT - COMMIT_RESERVE) * self._decisions.deadline_s
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
