"""What came of pushes: joined to the decisions, rewarded, and put into the log that is learnt from.

A tip that was sent is waited for an hour. Then it was acted on, opened, waved away or ignored; one
that never reached a device teaches nothing. Whoever switches notifications off has said something
about the last pushes: their rewards are revised.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import NOTIFICATIONS
from oo.domain.deliveries import Deliveries, Happened, Outcome
from oo.domain.delivery_log import Pending
from oo.domain.interruptions import BLAME_WITHIN, REWARDS, WORTH, PushOutcome, blame
from oo.domain.rewards import Action
from oo.kit.clock import Clock
from oo.store import consents, delivery_log, delivery_rewards, feedback, users
from oo.store.database import Database
from oo.store.delivery_rewards import Came

SLACK = timedelta(minutes=2)  # what was under way has been logged by then
GIVEN_UP = timedelta(hours=3)  # nothing was heard of it: it was lost
REACH = timedelta(days=2)
BATCH = 200
_REACHED = {Outcome.SENT, Outcome.SHOWN, Outcome.OPENED, Outcome.ACTED}
_OF_ACTION = {
    Action.DONE.value: PushOutcome.ACTED,
    Action.SNOOZE.value: PushOutcome.OPENED,
    Action.DISMISS.value: PushOutcome.DISMISSED,
}


class Settled(NamedTuple):
    """What came of a push; no `outcome` where it reached nobody, for the reason `unsent`."""

    push: Pending
    outcome: PushOutcome | None
    unsent: str | None


class Settler:
    """Settles decisions to speak."""

    def __init__(self, db: Database, clock: Clock, deliveries: Deliveries) -> None:
        self._db = db
        self._clock = clock
        self._deliveries = deliveries

    async def settle(self) -> int:
        """Settle a batch of what was sent, and charge those who were sent off; how many."""
        return await self._settle_sent() + await self._charge()

    async def _settle_sent(self) -> int:
        now = self._clock.now()
        async with self._db.read() as connection:
            pending = await delivery_log.unsettled(
                connection, now - REACH, now - WORTH - SLACK, BATCH
            )
        count = 0
        for user_id in sorted({one.user_id for one in pending}):
            own = [one for one in pending if one.user_id == user_id]
            count += await self._settle_person(user_id, own, now)
        return count

    async def _settle_person(self, user_id: str, own: Sequence[Pending], now: datetime) -> int:
        since = min(one.created_at for one in own)
        happened = await self._deliveries.outcomes_since(user_id, since)
        async with self._db.write() as connection:
            person = (await users.lock(connection, [user_id])).get(user_id)
            if person is None or person.deleted:
                return 0
            actions = await _actions(connection, user_id, own)
            found = [it for one in own if (it := _came_of(one, happened, actions, now))]
            for push, outcome, unsent in found:
                reward = None if outcome is None else REWARDS[outcome]
                await delivery_log.settle(
                    connection, user_id, push.id, outcome, reward, now, unsent
                )
            came = [
                Came(push.id, it, REWARDS[it], None, push.features, push.created_at)
                for push, it, _ in found
                if it is not None
            ]
            await delivery_rewards.append(connection, user_id, came, now)
        return len(found)

    async def _charge(self) -> int:
        """Charge the pushes before it to whoever has just taken notifications back."""
        now = self._clock.now()
        async with self._db.read() as connection:
            off = await consents.taken_back(connection, NOTIFICATIONS, now - REACH)
        count = 0
        for user_id, at in sorted(off.items()):
            count += await self._charge_person(user_id, at, now)
        return count

    async def _charge_person(self, user_id: str, at: datetime, now: datetime) -> int:
        async with self._db.write() as connection:
            person = (await users.lock(connection, [user_id])).get(user_id)
            if person is None or person.deleted:
                return 0
            if await delivery_rewards.was_charged(connection, user_id, at):
                return 0
            recent = await delivery_log.sent_between(connection, user_id, at - BLAME_WITHIN, at)
            if not recent:
                return 0
            hours = [(at - one.created_at) / timedelta(hours=1) for one in recent]
            came = []
            for push, share in zip(recent, blame(hours), strict=True):
                before = push.reward if push.reward is not None else None
                reward = (before if before is not None else REWARDS[PushOutcome.IGNORED]) - share
                off = PushOutcome.SWITCHED_OFF
                came.append(Came(push.id, off, reward, before, push.features, push.created_at))
                await delivery_log.settle(connection, user_id, push.id, off, reward, now)
            await delivery_rewards.append(connection, user_id, came, now)
        return len(came)


async def _actions(
    connection: AsyncConnection, user_id: str, own: Sequence[Pending]
) -> dict[str, tuple[str, datetime]]:
    """The person's own reaction to each of these tips, if there is one, and when it was."""
    tips = [one.tip_id for one in own]
    reactions = await feedback.known(connection, [user_id], [], tips)
    return {it.tip_id: (it.action, it.created_at) for it in reactions if it.action in set(Action)}


def _came_of(
    push: Pending,
    happened: Sequence[Happened],
    actions: dict[str, tuple[str, datetime]],
    now: datetime,
) -> Settled | None:
    """What came of a push within its hour; None while that is not over."""
    own = [it for it in happened if it.tip_id == push.tip_id]
    reached = [it.at for it in own if it.outcome in _REACHED]
    if not reached:
        ended = [it for it in own if it.outcome in (Outcome.EXPIRED, Outcome.REFUSED)]
        if ended or now - push.created_at > GIVEN_UP:
            return Settled(push, None, ended[-1].outcome.value if ended else "lost")
        return None
    over = min(reached) + WORTH
    if now < over:
        return None
    action, at = actions.get(push.tip_id, ("", now))
    if action and at <= over:
        return Settled(push, _OF_ACTION[action], None)
    opened = any(it.outcome in (Outcome.OPENED, Outcome.ACTED) and it.at <= over for it in own)
    return Settled(push, PushOutcome.OPENED if opened else PushOutcome.IGNORED, None)
