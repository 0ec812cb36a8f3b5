"""Whether to speak, asked per person at their few moments (A9).

One pass takes all whose moment has come, a batch at a time: reads a dozen queries, decides in
memory, has the tips picked of those who are spoken to, and writes decisions and next moments in one
transaction. What is written before it is enqueued can be lost to a kill as a push that is not sent,
never as one that is sent twice.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from oo.delivery import people
from oo.delivery.engaged import approachable
from oo.delivery.people import Known
from oo.domain.deliveries import Deliveries
from oo.domain.delivery_log import DeliveryDecision
from oo.domain.fold import design, fold, posterior_on
from oo.domain.interruptions import (
    SPEAK,
    WORTH,
    MomentKind,
    Occasion,
    columns_of,
    features_of,
)
from oo.domain.moments import AFTER_COMPLETION, LATE, next_moment
from oo.domain.policies import Policy, pick
from oo.domain.quiet import hush
from oo.domain.speaking import DeliveryPolicies, PicksTips, Seeds
from oo.domain.statistics import Statistics, day_of
from oo.kit.clock import Clock
from oo.kit.errors import OoError
from oo.kit.ids import new_id
from oo.kit.pseudonym import mark
from oo.store import delivery_log, delivery_moments, delivery_rewards, users
from oo.store.database import Database, Hot
from oo.store.delivery_moments import Next
from oo.store.models import StoredModel

log = logging.getLogger(__name__)

BATCH = 500
WAITING = 10_000  # ids read at once; a batch of them in their order touches few pages
PICKS_AT_ONCE = 16
NOTICES = 2000


class _Looked(NamedTuple):
    """What came of looking at one person."""

    following: Next
    decision: DeliveryDecision | None
    state: StoredModel | None


class Decider:
    """Decides for people whose moment has come; one process does, a second would repeat it."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        policies: DeliveryPolicies,
        tips: PicksTips,
        deliveries: Deliveries,
        seeds: Seeds,
    ) -> None:
        self._db = db
        self._clock = clock
        self._policies = policies
        self._tips = tips
        self._deliveries = deliveries
        self._seeds = seeds
        self._enrolled = 0
        self._mark: int | None = None
        self._noticed_at = clock.now()

    async def decide_due(self) -> int:
        """One pass over all people whose moment has come; how many decisions were made."""
        await self._enrol()
        await self._notice()
        policy = await self._policies.in_force()
        count = 0
        begun = self._clock.now()
        while True:
            async with self._db.read_hot() as connection:
                waiting = await delivery_moments.waiting(connection, begun, WAITING)
            if not waiting:
                return count
            for start in range(0, len(waiting), BATCH):
                some = waiting[start : start + BATCH]
                count += await self._decide_for(some, policy, begun)

    async def _decide_for(self, user_ids: Sequence[str], policy: Policy, begun: datetime) -> int:
        """Decide for those of these people who are still due; how many decisions were made."""
        now = self._clock.now()
        async with self._db.read_hot() as connection:
            due = await delivery_moments.due(connection, user_ids, begun)
            known = await people.load(connection, due, now, policy.state_key)
            behind = await _behind(connection, policy, known)
        # of half of all people nothing is known: they share what it comes to
        unknown = posterior_on(policy, Statistics.empty(policy.dimension), day_of(now))
        looked = [self._look(policy, one, behind, unknown, now) for one in known]
        return await self._settle(looked, now)

    async def _enrol(self) -> None:
        """Give a first moment to those who have allowed notifications since the last pass."""
        while True:
            async with self._db.read() as connection:
                said = await delivery_moments.said_since(connection, self._enrolled, BATCH)
            if not said:
                return
            people = {one.user_id for one in said if one.given}
            if people:
                async with self._db.write() as connection:
                    await delivery_moments.enrol(connection, people, self._clock.now())
            self._enrolled = said[-1].id

    async def _notice(self) -> None:
        """Those who have just finished something, paused or woken up are thought of sooner.

        What happened while nobody looked is over, so a mark in memory is enough; but who woke up
        while this process started again is not to be left alone for the rest of a night.
        """
        now = self._clock.now()
        since = self._noticed_at
        async with self._db.read() as connection:
            if self._mark is None:
                self._mark = await delivery_moments.last_message(connection)
                since -= LATE
            found = await delivery_moments.noticed(connection, self._mark, since, now, NOTICES)
            # who was passed over, as in their sleep, and has nothing in the way now
            zones = await delivery_moments.passed_over(connection, found.seen, now)
            up = await approachable(connection, zones, now) if zones else {}
        self._mark, self._noticed_at = found.mark, found.until
        if found.finished or found.idle or up:
            async with self._db.write() as connection:
                soon = now + AFTER_COMPLETION
                after = MomentKind.AFTER_COMPLETION
                await delivery_moments.sooner(connection, found.finished, soon, after)
                await delivery_moments.sooner(connection, found.idle, now, MomentKind.IDLE)
                await delivery_moments.sooner(connection, up, now, MomentKind.AFTER_QUIET)

    def _look(
        self,
        policy: Policy,
        known: Known,
        behind: dict[str, StoredModel],
        unknown: Any,
        now: datetime,
    ) -> _Looked:
        user_id = known.due.user_id
        if not known.allows:
            return _Looked(self._next(known, None), None, None)
        hushed = hush(known.attention, now, known.zone, known.busy)
        if hushed is not None:
            return _Looked(self._next(known, now, hushed.reason), None, None)
        thought_at = known.due.at
        is_over = now - thought_at > LATE
        has_nothing = known.standing.confidence is None
        if is_over or has_nothing or known.spent >= known.attention.budget:
            return _Looked(self._next(known, now), None, None)
        state = behind.get(user_id) or known.state
        posterior = unknown
        if state is not None:
            posterior = posterior_on(policy, Statistics.decode(state.state), day_of(now))
        seq = state.applied_seq if state else 0
        decision = self._decide(policy, known, posterior, seq, now)
        return _Looked(self._next(known, now), decision, behind.get(user_id))

    def _next(self, known: Known, after: datetime | None, hushed: str = "") -> Next:
        hours, hours_at = known.hours, known.hours_at
        if after is None:
            return Next(known.due.user_id, None, known.due.kind, hours, hours_at)
        found = next_moment(known.plan, after, was_hushed=bool(hushed))
        return Next(known.due.user_id, found.at, found.kind, hours, hours_at, hushed)

    def _decide(
        self, policy: Policy, known: Known, posterior: Any, state_seq: int, now: datetime
    ) -> DeliveryDecision:
        occasion = Occasion(
            MomentKind(known.due.kind),
            local := now.astimezone(known.zone),
            known.standing.confidence or 0.0,
            known.standing.is_pressing(local),
            known.profile,
            known.pushes,
        )
        features = columns_of(features_of(occasion))
        seed = self._seeds()
        made = pick(policy, posterior, design(policy, features), seed)  # as a replay does
        return DeliveryDecision(
            id=new_id(self._clock),
            user_id=known.due.user_id,
            created_at=now,
            moment=occasion.kind,
            policy=policy.name,
            policy_version=policy.version,
            seed=seed,
            state_seq=state_seq,
            features=features,
            chosen=made.chosen,
            propensities=made.propensities.tolist(),
            scores=made.scores.tolist(),
        )

    async def _settle(self, looked: Sequence[_Looked], now: datetime) -> int:
        """Write what was decided, then send what is to be sent."""
        made = [one.decision for one in looked if one.decision is not None]
        spoken = await self._with_tips([one for one in made if one.chosen == SPEAK])
        made = [spoken.get(one.id, one) for one in made]
        async with self._db.write_hot() as connection:
            there = await users.heads_kept(connection, [it.following.user_id for it in looked])
            looked = [one for one in looked if one.following.user_id in there]
            await delivery_moments.put(connection, [one.following for one in looked])
            await delivery_log.append(connection, [it for it in made if it.user_id in there])
            states = [one.state for one in looked if one.state is not None]
            await delivery_rewards.save_states(connection, states, now)
        await self._send([one for one in spoken.values() if one.tip_id and one.user_id in there])
        return len(made)

    async def _with_tips(self, made: Sequence[DeliveryDecision]) -> dict[str, DeliveryDecision]:
        """The decisions with the tips that are to be sent, picked a few at a time."""
        turn = asyncio.Semaphore(PICKS_AT_ONCE)

        async def one(decision: DeliveryDecision) -> DeliveryDecision:
            async with turn:
                try:
                    tip_id = await self._tips.pick(decision.user_id)
                except OoError as error:
                    log.info("no tip for %s: %r", mark(decision.user_id), error)
                    return replace(decision, unsent="no_tip_in_time")
            unsent = None if tip_id else "nothing_to_say"
            return replace(decision, tip_id=tip_id, unsent=unsent)

        return {it.id: it for it in await asyncio.gather(*(one(it) for it in made))}

    async def _send(self, made: Sequence[DeliveryDecision]) -> None:
        numbers: list[tuple[DeliveryDecision, str | None]] = []
        for one in made:
            begins = self._clock.now()
            try:
                number: str | None = await self._deliveries.enqueue(
                    one.user_id, one.tip_id or "", begins, begins + WORTH - timedelta(seconds=1)
                )
            except OoError as error:
                log.info("a tip of %s is not sent: %r", mark(one.user_id), error)
                number = None
            numbers.append((one, number))
        if numbers:
            async with self._db.write() as connection:
                await delivery_log.note_sent(
                    connection, [(one.user_id, one.id, number) for one, number in numbers]
                )


async def _behind(
    connection: Hot, policy: Policy, known: Sequence[Known]
) -> dict[str, StoredModel]:
    """The states of those whose stored one lacks outcomes, with them."""
    had = {
        one.due.user_id: one.state.applied_seq if one.state else 0
        for one in known
        if one.newest > (one.state.applied_seq if one.state else 0)
    }
    outcomes = await delivery_rewards.of_people(connection, had)
    found = {}
    for one in known:
        user_id = one.due.user_id
        if user_id not in had:
            continue
        empty = Statistics.empty(policy.dimension)
        statistics = Statistics.decode(one.state.state) if one.state else empty
        statistics = fold(policy, statistics, outcomes[user_id])
        seq = outcomes[user_id][-1].user_seq if outcomes[user_id] else had[user_id]
        found[user_id] = StoredModel(user_id, policy.state_key, statistics.encode(), seq)
    return found
