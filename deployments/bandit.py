"""BanditShard: a thin shim over the learner of the policy in force, for the people routed here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypedDict

from deployments.calls import answered, called
from deployments.lanes import answer_near
from deployments.process import start
from oo.domain.policies import ref_of
from oo.kit.metrics import SHARD_PEOPLE
from oo.mlops.policy_lookup import choose
from oo.recommend.learner import Learner
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import policies

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.25
LOOK_EVERY_S = 1.0


class BanditConfig(TypedDict, total=False):
    """What may change in place: a policy that is pinned, whatever was promoted."""

    policy: str | None


class BanditShard:
    """Scores candidates and learns from reactions for some of the people."""

    def __init__(self, first: Any = None) -> None:
        base = start("bandit")
        self._clock, self._db = base.clock, base.db
        self._first = first  # the shard that `user_config` reaches, unless this is it
        self._pin: str | None = None
        self._learner: Learner | None = None
        self._seen = -1  # the newest change of policies that the learner follows
        self._choosing = asyncio.Lock()
        self._run_dir = base.settings.run_dir
        self._near: asyncio.Server | None = None
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(_forever(FLUSH_EVERY_S, self._flush)),
            loop.create_task(_forever(LOOK_EVERY_S, self._follow)),
        ]

    async def reconfigure(self, config: BanditConfig) -> None:
        """Pin another policy, or none; an unknown one is logged and the old one stays."""
        async with self._choosing:
            before, self._pin = self._pin, config.get("policy")
            try:
                await self._choose()
            except Exception as error:
                if self._learner is None:
                    raise
                log.error("%s; keeping %r", error, self._learner.policy.name)
                self._pin = before

    async def score(
        self, requests: Sequence[ScoreRequest], carried: str = ""
    ) -> list[Choice | Exception]:
        """One choice per request, or why that person has none."""
        with called("BanditShard.score", carried):
            return await self._current.score(requests)

    async def wake(self, newest: Mapping[str, int], carried: str = "") -> None:
        """Fold the log of these people up to the given numbers."""
        with called("BanditShard.wake", carried):
            await self._current.catch_up(newest)

    async def pin(self) -> str | None:
        """The policy that is pinned here."""
        return self._pin

    async def status(self) -> str:
        """Under which key the states of the policy in force are stored."""
        return self._current.policy.state_key

    @property
    def _current(self) -> Learner:
        if self._learner is None:
            raise RuntimeError("the shard has no policy yet")
        return self._learner

    async def _choose(self) -> None:
        async with self._db.read() as connection:
            roles = await policies.roles(connection)
            chosen = await choose(connection, self._pin, roles)
        if self._learner is None or ref_of(self._learner.policy) != ref_of(chosen):
            await self._flush()  # what another policy takes over starts from the store
            self._learner = Learner(self._db, chosen, self._clock)
        self._seen = roles.latest
        if self._near is None and self._run_dir:  # who can be asked has a policy
            try:
                self._near = await answer_near(self._run_dir, self.score)
            except OSError as error:
                log.warning("calls of this host go the long way, through Serve: %r", error)

    async def _follow(self) -> None:
        """Take over what was promoted or demoted since, and say how many people are held."""
        SHARD_PEOPLE.set(self._learner.people if self._learner else 0)
        if self._learner is None and self._first is None:
            return  # `reconfigure` comes
        async with self._db.read_hot() as connection:
            latest = await policies.latest(connection)
        pin = await self._pin_of_first()
        if (latest, pin) != (self._seen, self._pin):
            async with self._choosing:
                self._pin = pin
                await self._choose()

    async def _pin_of_first(self) -> str | None:
        if self._first is None:
            return self._pin
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                pin: str | None = await answered(self._first.pin.remote())
                return pin
        except Exception as error:
            log.info("the first shard is away, its last pin holds: %r", error)
            return self._pin

    async def _flush(self) -> None:
        if self._learner is not None:
            await self._learner.flush()


async def _forever(every_s: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await work()
        except Exception:
            log.exception("%s failed; it is tried again", work.__name__)
