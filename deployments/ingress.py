"""Ingress: a thin shim that connects the web application to the handles of the other parts."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

from fastapi import FastAPI
from sqlalchemy import text

from deployments.calls import answered
from deployments.console import console
from deployments.handles import GeneratorListener, GeneratorRefill, Score, Shards
from deployments.lanes import Near, lane_of
from deployments.process import start
from deployments.replica_internals import shorten
from deployments.watch import Watch, count_waiting
from ml.composing.fallback import fallback, quick_composer, warm
from ml.features import REGISTRY
from oo.domain.context import PromptContext
from oo.domain.health import State
from oo.events.mirror import standing
from oo.events.replay import Replays
from oo.events.ring import Ring
from oo.identity.accounts import Accounts
from oo.identity.service import Identity
from oo.identity.sessions import Sessions
from oo.integrations.service import Integrations
from oo.kit.clock import Clock
from oo.kit.garbage import keep_what_is_loaded
from oo.kit.lane import Lane
from oo.kit.shared_counts import RedisCounts
from oo.mlops.agents import Listener
from oo.mlops.explanation import Explainer
from oo.mlops.learnt import Learnt
from oo.mlops.policy_lookup import serving
from oo.mlops.promoting import Gatekeeper
from oo.push.service import Push
from oo.recommend.fallback import FallbackPool
from oo.recommend.freshness import PoolFreshness
from oo.recommend.pool import Pool
from oo.recommend.ports import Draft
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import Reactions
from oo.recommend.recommender import Recommender
from oo.recommend.standby import Standby
from oo.recommend.worth import Worth
from oo.web.api import BUSIEST
from oo.web.app import create_app
from oo.web.services import Services
from oo.web.shared_rates import SharedRates

WRITE_WITHIN_S = 1.0


class IngressConfig(TypedDict, total=False):
    """What may change in place: the deadline of `/recommend`, in seconds."""

    deadline_s: float


class Ingress:
    """Everything that HTTP reaches."""

    def __init__(self, shards: Sequence[Any], assembler: Any, generator: Any, jobs: Any) -> None:
        settings, clock, self._db, random = start("ingress")
        shorten(BUSIEST)
        bandit = Shards(shards, _near(settings.run_dir, clock))
        self._sharing: SharedRates | None = None
        self._refill = GeneratorRefill(generator, clock)

        warm()  # else the first person without candidates waits for it, or gets none

        def write_templates(context: PromptContext, count: int) -> Sequence[Draft]:
            return fallback(context, count, random)

        async def store() -> State:
            async with self._db.read() as connection:
                await connection.execute(text("SELECT 1"))
            with contextlib.suppress(TimeoutError):  # one that waits for its turn has not failed
                async with asyncio.timeout(WRITE_WITHIN_S):
                    await self._db.probe()
            return State.READY

        async def ready(handle: Any) -> State:
            await answered(handle.status.remote())
            return State.READY

        async def shards_ready() -> State:
            await bandit.status()
            return State.READY

        async def engine() -> State:
            state = State.DOWN
            try:
                state = State(await answered(generator.engine_state.remote()))
            finally:
                self._refill.engine_ready = state is State.READY
            return state

        async def mirror() -> State:
            return await standing(self._db)

        async def counts() -> State:
            return self._sharing.state if self._sharing else State.WARMING

        self._recommender = Recommender(
            db=self._db,
            clock=clock,
            pool=Pool(self._db, clock),
            profiles=Profiles(self._db, clock),
            features=REGISTRY.columns,
            ranker=Standby(bandit, self._db, clock, serving),
            refill=self._refill,
            fallback=FallbackPool(self._db, clock, write_templates),
            seeds=lambda: random.getrandbits(63),
            deadline_s=settings.limits.recommend_deadline_s,
        )
        self._services = Services(
            settings=settings,
            clock=clock,
            db=self._db,
            accounts=Accounts(self._db, clock, settings.limits.session_idle),
            sessions=Sessions(self._db, clock, settings.limits.session_idle),
            identity=Identity.of(settings, self._db, clock),
            integrations=Integrations.of(settings, self._db, clock),
            recommender=self._recommender,
            reactions=Reactions(self._db, clock),
            refill=self._refill,
            push=Push.of(settings, self._db, clock, Worth(self._db, clock)),
            wake=bandit.wake,
            explainer=Explainer(self._db),
            learnt=Learnt(self._db, clock),
            listener=GeneratorListener(generator, Listener(self._db, clock, quick_composer)),
            freshness=PoolFreshness(self._db, clock, settings.nightly.active_days),
            events=Ring(self._db),
            replays=Replays(self._db, clock),
            promotes=Gatekeeper(pin=bandit.pinned),
            health=Watch(
                {
                    "store": store,
                    "bandit": shards_ready,
                    "assembler": lambda: ready(assembler),
                    "generator": lambda: ready(generator),
                    "jobs": lambda: ready(jobs),
                    "engine": engine,
                    **({"mirror": mirror} if settings.nats_url else {}),
                    **({"counts": counts} if settings.redis_url else {}),
                }
            ),
        )

    async def reconfigure(self, config: IngressConfig) -> None:
        """Take over the limits that may change in place."""
        if "deadline_s" in config:
            self._recommender.set_deadline(config["deadline_s"])

    async def __serve_build_asgi_app__(self) -> FastAPI:
        app = create_app(self._services, console(self._services))
        if url := self._services.settings.redis_url:
            self._sharing = SharedRates(app.state.rates, RedisCounts(url))
            self._telling = asyncio.create_task(self._sharing.run())
        self._counting = asyncio.create_task(count_waiting(self._recommender.admission))
        keep_what_is_loaded()
        return app


def _near(run_dir: Path | None, clock: Clock) -> Callable[[Any], Score] | None:
    """The short way to the shards of this host, where there is a folder for it."""
    if run_dir is None:
        return None
    return lambda handle: Near(handle.score, Lane(lane_of(run_dir, handle.deployment_name)), clock)
