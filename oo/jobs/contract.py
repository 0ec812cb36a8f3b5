"""The contract of a periodic job, and what jobs work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from oo.integrations.service import Integrations
from oo.kit.clock import Clock
from oo.store.database import Database


class Wake(Protocol):
    """Bandit shards, as far as jobs need them."""

    def wake(self, user_id: str, user_seq: int) -> None:
        """Tell the person's shard of their newest reaction number."""
        ...

    async def status(self) -> str:
        """Under which key the states of the policy in force are stored."""
        ...


class Fill(Protocol):
    """The tip generator, as far as jobs need it."""

    async def fill(self, user_id: str) -> None:
        """Fill the person's pool; raises Unavailable while the engine is away."""
        ...


@dataclass(frozen=True, slots=True)
class JobServices:
    """What a job may use."""

    db: Database
    clock: Clock
    integrations: Integrations
    shards: Wake
    generator: Fill


@dataclass(frozen=True, slots=True)
class Job:
    """One periodic job. `run` does a bounded piece of work and returns how much it did.

    A job may run twice or be cut off at any point: running it again must be harmless.
    """

    name: str
    every_s: float
    run: Callable[[JobServices], Awaitable[int]]
