"""What oO notices by itself about tips that were seen: no reaction in time, or done elsewhere.

Both are rows of the same log of reactions, so they are numbered, folded and replayed like any
other. The reward of a missed tip is provisional: a completion elsewhere replaces it, exactly.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from oo.domain.decisions import Seen
from oo.domain.reactions import LATE_AFTER, Reaction
from oo.domain.rewards import MISSED_REWARD, Outcome, delayed_reward
from oo.kit.clock import Clock
from oo.store import decisions, feedback, users
from oo.store.database import Database
from oo.store.users import Person

CREDIT_FOR = timedelta(days=7)  # a task finished later than this was not the tip's doing
BATCH = 200
# people choose the keys of their own reactions, in the same space; no key of theirs can hold this
OWN_KEY = "\x1f"


class Outcomes:
    """Logs outcomes; doing so again changes nothing."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def settle_missed(self) -> int:
        """Give a batch of tips that were seen, and not reacted to in time, their default reward."""
        before = self._clock.now() - LATE_AFTER
        async with self._db.read() as connection:
            missed = await decisions.missed(connection, before, BATCH)
        return await self._log(missed, Outcome.MISSED)

    async def done_elsewhere(self, user_id: str, task_id: str, completed_at: datetime) -> int:
        """Credit the seen tips that spoke of the task in the days until it was finished.

        A tip that was served after that was not the reason. Nor is one credited that the page
        has not yet said to be seen: if it says so later, the tip is missed.
        """
        async with self._db.read() as connection:
            seen = await decisions.seen_of_task(
                connection, user_id, task_id, completed_at - CREDIT_FOR, completed_at
            )
        return await self._log(seen, Outcome.DONE_ELSEWHERE, completed_at)

    async def _log(
        self, tips: Sequence[Seen], outcome: Outcome, completed_at: datetime | None = None
    ) -> int:
        if not tips:
            return 0
        now = self._clock.now()
        user_ids = {tip.user_id for tip in tips}
        async with self._db.write() as connection:
            people = await users.lock(connection, user_ids)
            known = await feedback.known(connection, user_ids, [], {tip.id for tip in tips})
            latest = {reaction.tip_id: reaction for reaction in known}
            sequence = {user_id: person.user_seq for user_id, person in people.items()}
            fresh: list[Reaction] = []
            for tip in tips:
                if not _learns(outcome, people.get(tip.user_id), latest.get(tip.id)):
                    continue
                sequence[tip.user_id] += 1
                value = _reward(tip, completed_at)
                fresh.append(
                    _row(tip, outcome, value, sequence[tip.user_id], latest.get(tip.id), now)
                )
            if fresh:
                await feedback.append(connection, fresh)
        return len(fresh)


def _learns(outcome: Outcome, person: Person | None, latest: Reaction | None) -> bool:
    """A person's own reaction is never overruled, and each outcome counts once."""
    if person is None or person.deleted:
        return False
    if latest is None:
        return True
    return outcome is Outcome.DONE_ELSEWHERE and latest.action == Outcome.MISSED


def _reward(tip: Seen, completed_at: datetime | None) -> float:
    if completed_at is None:
        return MISSED_REWARD
    return delayed_reward((completed_at - tip.created_at).total_seconds())


def _row(
    tip: Seen, outcome: Outcome, value: float, sequence: int, latest: Reaction | None, now: datetime
) -> Reaction:
    return Reaction(
        user_id=tip.user_id,
        user_seq=sequence,
        tip_id=tip.id,
        action=outcome.value,
        dwell_ms=0,
        reward=value,
        late=False,
        features=tip.features,
        idempotency_key=f"{OWN_KEY}{outcome.value}:{tip.id}",
        created_at=now,
        learned_at=now if latest is None else latest.learned_at,
        revision=0 if latest is None else latest.revision + 1,
        replaces=None if latest is None else latest.reward,
    )
