"""What a page is given: who looks, when, and the parts of oO that it may ask."""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import FormData

from oo.admin.chain import Chain
from oo.admin.kept import Kept
from oo.domain.console import AdminRead, Looker
from oo.domain.events import RecentEvents, ReplaysEvents
from oo.domain.explanations import Explains, TellsLearnt
from oo.domain.health import Health
from oo.domain.promotion import PromotesPolicies
from oo.domain.roles import Role
from oo.identity.service import Identity
from oo.integrations.service import Integrations
from oo.kit.clock import Clock
from oo.kit.settings import Settings
from oo.recommend.freshness import PoolFreshness
from oo.recommend.profile_cache import Profiles
from oo.store import audit
from oo.store.database import Database
from oo.store.readonly import ReadOnly

T = TypeVar("T")
LOOK = "text.look"
LOOK_LASTS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """A count and how many seconds ago it was made."""

    value: T
    age_s: float


class Door(Protocol):
    """Who stands before the console; the web layer knows."""

    async def looker(
        self, request: Request, role: Role, *, fresh: bool = False, back: str = "/admin"
    ) -> Looker:
        """Who asks, if they have the role; raises as sign-in and roles do.

        With `fresh` a person must have proven lately who they are; a sign-in leads to `back`.
        """
        ...

    async def form(self, request: Request) -> FormData:
        """The submitted form; raises Forbidden unless it was made for this session."""
        ...


@dataclass(slots=True)
class ConsoleParts:
    """What the console works with; `deployments.ingress` gives it."""

    settings: Settings
    clock: Clock
    db: Database
    store: ReadOnly
    door: Door
    identity: Identity
    integrations: Integrations
    profiles: Profiles
    explainer: Explains
    learnt: TellsLearnt
    health: Health
    freshness: PoolFreshness
    events: RecentEvents
    replays: ReplaysEvents
    promotes: PromotesPolicies
    wake: Callable[[str, int], None]
    kept: Kept = field(init=False)
    chain: Chain = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Kept(self.clock)
        self.chain = Chain(self.db, self.settings, self.clock)


@dataclass(frozen=True, slots=True)
class Desk:
    """One look at one page."""

    parts: ConsoleParts
    looker: Looker
    by: AdminRead
    now: datetime

    @property
    def offset_s(self) -> int:
        """How many seconds the looker's clock is ahead of UTC now."""
        offset = self.now.astimezone(self.looker.zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that cannot write and ends what takes too long."""
        return self.parts.store.read()

    async def counted(self, key: Hashable, count: Callable[[], Awaitable[T]]) -> Counted[T]:
        """What `count` finds, or what it found within the last minute for the same key."""
        value, at = await self.parts.kept.get(key, count)
        return Counted(value, self.parts.clock.monotonic() - at)

    async def may_read_words(self, user_id: str) -> bool:
        """Whether who looks has lately said why they read this person's titles and texts."""
        if not self.looker.is_admin:
            return False
        async with self.parts.db.read() as connection:
            said = await audit.newest_of(
                connection, self.looker.actor, LOOK, f"person:{user_id}", self.now - LOOK_LASTS
            )
        return said is not None

    async def whose_words(self) -> frozenset[str]:
        """The people of whom who looks has lately said why they read their titles and texts."""
        if not self.looker.is_admin:
            return frozenset()
        async with self.parts.db.read() as connection:
            said = await audit.subjects_of(
                connection, self.looker.actor, LOOK, self.now - LOOK_LASTS
            )
        return frozenset(it.removeprefix("person:") for it in said)
