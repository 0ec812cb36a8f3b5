"""Jobs: a thin shim over the periodic jobs. One replica; a second one would only repeat work."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import oo.jobs.periodic
from deployments.calls import answered, calling
from deployments.handles import REFILL_AT_MOST_S, REFILL_QUIET_S, Shards
from deployments.process import start
from ml.features import REGISTRY
from oo.delivery.checking import WhileWelcome
from oo.delivery.deciding import Decider
from oo.delivery.settling import Settler
from oo.domain import deliveries, ports, speaking
from oo.domain.health import State
from oo.domain.pools import Ahead, Ended
from oo.events.bus import Bus
from oo.events.consumer import consumers
from oo.events.mirror import Mirror
from oo.events.relay import Relay
from oo.integrations.service import Integrations
from oo.jobs.contract import Job
from oo.jobs.runner import run_forever
from oo.kit import tracing
from oo.kit.clock import Clock
from oo.kit.debounce import Debounce
from oo.kit.errors import Unavailable
from oo.kit.niceness import BEHIND
from oo.kit.plugins import discover
from oo.kit.provide import Provided
from oo.kit.scope import about
from oo.kit.setting_groups import Nightly, Retention
from oo.mlops.asked_runs import AskedRuns
from oo.mlops.delivery_policies import ForceOf
from oo.mlops.policy_lookup import serving
from oo.mlops.shadows import ShadowPolicies
from oo.push.service import Push
from oo.recommend.catching_up import CatchingUp
from oo.recommend.fallback import FallbackPool
from oo.recommend.outcomes import Outcomes
from oo.recommend.picking import TipPicker
from oo.recommend.pool import Pool
from oo.recommend.profile_cache import Profiles
from oo.recommend.recommender import Recommender
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.recommend.worth import Worth
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from oo.vault.audit_head import AuditHead

log = logging.getLogger(__name__)

FILL_LIMIT_S = 30.0
WRITE_LIMIT_S = 25.0  # what is written by then is kept


class _Generator:
    """The tip generator's handle as jobs see it."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._changes = Debounce(
            self._fill_changed, REFILL_QUIET_S, REFILL_AT_MOST_S, "pool.refill"
        )

    async def is_ready(self) -> bool:
        """Whether the model takes calls; with the generator away it does not either."""
        try:
            async with asyncio.timeout(FILL_LIMIT_S):
                return State(await answered(self._handle.engine_state.remote())) is State.READY
        except (TimeoutError, Unavailable):
            return False

    async def now(self, user_id: str, within_s: float) -> None:
        """Fill the person's pool within that time."""
        async with asyncio.timeout(within_s):
            await self.fill(user_id)

    async def fill(self, user_id: str) -> None:
        """Fill the person's pool."""
        with about(user_id), calling("TipGenerator.fill"):
            call = self._handle.fill.remote(user_id, WRITE_LIMIT_S, tracing.carried())
            await self._answered(call)

    async def fill_ahead(self, user_id: str, turn: Ahead) -> Ended:
        """Give the person their turn in a nightly batch."""
        with about(user_id), calling("TipGenerator.fill_ahead"):
            along = tracing.carried()
            call = self._handle.fill_ahead.remote(user_id, turn, WRITE_LIMIT_S, along)
            ended: Ended = await self._answered(call)
            return ended

    def behind(self, user_id: str) -> None:
        """Fill it when nothing has changed for a moment; what is missed, `prefill` finds."""
        self._changes.note(user_id)

    async def _answered(self, call: Any) -> Any:
        try:
            async with asyncio.timeout(FILL_LIMIT_S):
                return await answered(call)
        except TimeoutError as error:
            raise Unavailable("the tip generator does not answer") from error

    async def _fill_changed(self, user_id: str) -> None:
        try:
            await self.fill(user_id)
        except Exception as error:
            log.info("a pool was not filled, prefill will: %r", error)


class Jobs:
    """Runs every job of `oo/jobs/periodic` on its own beat."""

    def __init__(self, shards: Sequence[Any], generator: Any) -> None:
        settings, clock, db, random = start("jobs", BEHIND)
        integrations = Integrations.of(settings, db, clock)
        bandit, writer = Shards(shards), _Generator(generator)
        push = Push.of(settings, db, clock, WhileWelcome(db, clock, Worth(db, clock)))
        force = ForceOf(db, clock, settings.delivery.policy)
        recommender = Recommender(
            db=db,
            clock=clock,
            pool=Pool(db, clock),
            profiles=Profiles(db, clock),
            features=REGISTRY.columns,
            ranker=bandit,
            refill=writer,
            fallback=FallbackPool(db, clock, lambda context, count: ()),  # nothing is sent then
            seeds=lambda: random.getrandbits(63),
            deadline_s=FILL_LIMIT_S,
        )
        provided = Provided(
            {
                Database: db,
                Clock: clock,
                Nightly: settings.nightly,
                Retention: settings.retention,
                AuditHead: AuditHead.of(settings),
                ErasureLog: ErasureLog(settings.data_dir.resolve()),
                ports.ReadsSources: integrations,
                ports.ClosesTasks: integrations,
                ports.RevokesGrants: integrations,
                ports.WakesShards: bandit,
                ports.FoldsBehind: CatchingUp(db, clock, serving),
                ports.FillsPools: writer,
                ports.LogsOutcomes: Outcomes(db, clock),
                ports.AsksShadows: ShadowOpinions(db, clock, ShadowPolicies(db)),
                ports.RebuildsProfiles: Profiles(db, clock),
                ports.RelaysEvents: Relay(db, clock),
                ports.RunsAsked: AskedRuns(db, clock),
                ports.FeedsConsumers: Bus(
                    db, clock, consumers().values(), Provided({Database: db, Clock: clock})
                ),
                ports.MirrorsEvents: Mirror(
                    db, clock, settings.nats_url, timedelta(days=settings.retention.events_days)
                ),
                deliveries.Deliveries: push.deliveries,
                deliveries.SendsDeliveries: push.sender,
                speaking.DecidesDeliveries: Decider(
                    db,
                    clock,
                    force,
                    TipPicker(db, recommender),
                    push.deliveries,
                    lambda: random.getrandbits(63),
                ),
                speaking.SettlesDeliveries: Settler(db, clock, push.deliveries),
                speaking.FitsDeliveries: force,
                deliveries.RetiresKeys: push.keys,
            }
        )
        jobs = discover(oo.jobs.periodic, "JOB", Job)
        self._running = asyncio.get_running_loop().create_task(
            run_forever(jobs.values(), provided, clock)
        )

    async def status(self) -> str:
        """Raises when the jobs have ended, which they never should."""
        if self._running.done():
            self._running.result()
        return "ready"

    async def check_health(self) -> None:
        """Serve replaces the replica when the jobs have ended."""
        await self.status()
