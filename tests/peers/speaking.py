"""People whom oO may speak to, a way to their devices that keeps what it is asked, and tips."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import func, select

from oo.delivery.deciding import Decider
from oo.delivery.settling import Settler
from oo.domain.consents import NOTIFICATIONS
from oo.domain.deliveries import Happened, Outcome
from oo.domain.policies import Policy
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.store import candidates, tasks, users
from oo.store.database import Database
from oo.store.tables import delivery_moments
from tests.peers.store import add_person, say

_M = delivery_moments.c


@dataclass
class Sent:
    """A delivery as it was asked for."""

    user_id: str
    tip_id: str
    at: datetime
    expires_at: datetime


@dataclass
class KeptDeliveries:
    """:class:`oo.domain.deliveries.Deliveries` that keeps what it is told."""

    sent: list[Sent] = field(default_factory=list)
    happened: list[tuple[str, Happened]] = field(default_factory=list)

    async def enqueue(self, user_id: str, tip_id: str, at: datetime, expires_at: datetime) -> str:
        self.sent.append(Sent(user_id, tip_id, at, expires_at))
        return f"delivery-{len(self.sent)}"

    async def outcomes_since(self, user_id: str, since: datetime) -> Sequence[Happened]:
        return [it for person, it in self.happened if person == user_id and it.at >= since]

    def tell(self, one: Sent, outcome: Outcome, after: timedelta = timedelta(0)) -> None:
        found = Happened("delivery", one.tip_id, "device", outcome, one.at + after, "")
        self.happened.append((one.user_id, found))


@dataclass
class Tips:
    """Picks a tip for whoever is asked for; the decision itself is not what is tested."""

    clock: ManualClock
    asked: list[str] = field(default_factory=list)
    nothing: bool = False

    async def pick(self, user_id: str) -> str | None:
        self.asked.append(user_id)
        return None if self.nothing else new_id(self.clock)


@dataclass
class Fixed:
    """The same policy always."""

    policy: Policy

    async def in_force(self) -> Policy:
        return self.policy


@dataclass
class Life:
    """Decider and settler over one store, under a clock that moves when told to."""

    db: Database
    clock: ManualClock
    policy: Policy
    deliveries: KeptDeliveries = field(default_factory=KeptDeliveries)

    def __post_init__(self) -> None:
        self.tips = Tips(self.clock)
        seeds = count(1)
        self.decider = Decider(
            self.db, self.clock, Fixed(self.policy), self.tips, self.deliveries, lambda: next(seeds)
        )
        self.settler = Settler(self.db, self.clock, self.deliveries)

    async def person(self, name: str = "ada", zone: str = "UTC", *, allows: bool = True) -> str:
        """Somebody with a task and a candidate that speaks of it."""
        user_id = await add_person(self.db, self.clock, name)
        now = self.clock.now()
        task = Task(f"file:{name}", "file", name, "Water the plants", 2)
        candidate = TipCandidate(
            id=new_id(self.clock),
            kind=TipKind.TASK,
            content="Water the plants.",
            source="llm",
            model="test",
            prompt_version="test",
            confidence=0.9,
            task_id=task.id,
            created_at=now,
            expires_at=now + timedelta(days=400),
            claims=(),
        )
        async with self.db.write() as connection:
            await users.lock(connection, [user_id])
            await users.set_timezone(connection, user_id, zone)
            await tasks.put(connection, user_id, [task], now)
            await candidates.add(connection, user_id, "key", [candidate])
            if allows:
                await say(connection, user_id, NOTIFICATIONS, now)
        return user_id

    async def live(self, span: timedelta) -> int:
        """Let time pass from one moment to the next, as a job that never sleeps; decisions made."""
        made = 0
        end = self.clock.now() + span
        while self.clock.now() < end:
            made += await self.decider.decide_due()
            async with self.db.read() as connection:
                ahead = (await connection.execute(select(func.min(_M.next_at)))).scalar_one()
            soon = min(ahead or end, end) - self.clock.now()
            self.clock.advance(max(soon.total_seconds(), 1.0))
        return made
