"""Deciding on tips for several people at once: one call to their shards, one commit."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from oo.domain.claims import holds
from oo.domain.decisions import Decision
from oo.domain.policies import generator, sample
from oo.domain.tips import TipCandidate
from oo.kit.clock import Clock
from oo.kit.coalesce import Take
from oo.kit.errors import Unauthorized, Unavailable
from oo.kit.ids import new_id
from oo.kit.metrics import DECISIONS
from oo.recommend import pool
from oo.recommend.pool import GONE, Stock
from oo.recommend.ports import Ranker
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import decisions, users
from oo.store.candidates import PoolEntry
from oo.store.database import Database, Hot

log = logging.getLogger(__name__)

RANK_LIMIT = 0.3  # of the deadline
BUSY = "oO is busy; ask again in a moment."


class Account(NamedTuple):
    """The person behind a request, as their row stood when the session was looked up."""

    user_id: str
    user_seq: int
    pool_version: int
    timezone: str
    past_version: int = 0


class Served(NamedTuple):
    """The tip that was decided on; its decision is committed."""

    decision: Decision
    entry: PoolEntry

    @property
    def candidate(self) -> TipCandidate:
        return self.decision.candidate


class Moved(Exception):
    """What was picked no longer holds: the person's list, zone or clock moved while it was."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.user_id)
        self.account = account


class Ready(NamedTuple):
    """A person whose candidates are at hand; what a decision is made from."""

    account: Account
    stock: Stock
    entries: list[PoolEntry]
    request: ScoreRequest
    at: datetime
    started: float


class Decisions:
    """Picks for those who ask at the same time, and keeps what was picked.

    `deadline_s` is how long each of them waits at most.
    """

    def __init__(self, db: Database, clock: Clock, ranker: Ranker, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._db = db
        self._clock = clock
        self._ranker = ranker

    async def decide(self, take: Take[Ready]) -> list[Served | Exception]:
        """A committed decision for each, or why there is none."""
        batch = take()
        answers = await self._rank([ready.request for ready in batch])
        made = [self._decision(ready, answer) for ready, answer in zip(batch, answers, strict=True)]
        async with self._db.write_hot() as connection:
            refused = self._overdue(made, batch)
            refused |= await self._moved(connection, made, batch)
            kept = [decision for decision in made if decision.id not in refused]
            if kept:
                await decisions.append(connection, kept)
                await decisions.point_out_late(connection, kept, self._clock.now())
        _count(kept)
        return [
            refused.get(decision.id) or Served(decision, ready.entries[decision.chosen])
            for decision, ready in zip(made, batch, strict=True)
        ]

    def _overdue(self, made: Sequence[Decision], batch: Sequence[Ready]) -> dict[str, Exception]:
        """The decisions, by id, whose callers were told to ask again while these were made.

        Writing them would take the time of those who still wait, and log tips that nobody saw.
        """
        since = self._clock.monotonic() - self.deadline_s
        return {
            decision.id: Unavailable(BUSY, retry_after=1)
            for decision, ready in zip(made, batch, strict=True)
            if ready.started < since
        }

    async def _moved(
        self, connection: Hot, made: Sequence[Decision], batch: Sequence[Ready]
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
                account = Account(
                    user_id, head.user_seq, head.pool_version, head.timezone, head.past_version
                )
                found[decision.id] = Moved(account)
        return found

    async def _rank(self, requests: list[ScoreRequest]) -> Sequence[Choice | Exception]:
        """The shards' picks; an exception where there is none in time."""
        try:
            async with asyncio.timeout(RANK_LIMIT * self.deadline_s):
                return await self._ranker.score(requests)
        except Exception as error:
            return [error] * len(requests)

    def _decision(self, ready: Ready, answer: Choice | Exception) -> Decision:
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


def _count(kept: Sequence[Decision]) -> None:
    """Once for all of a kind: counting costs as much as ranking a candidate."""
    of_a_kind = Counter((it.candidate.source, "chance" if it.degraded else "policy") for it in kept)
    for (source, picked), count in of_a_kind.items():
        DECISIONS.add(count, source, picked)


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
