"""Jobs: a thin shim over the periodic jobs. One replica; a second one would only repeat work."""

import asyncio
from collections.abc import Sequence
from typing import Any

import oo.jobs.periodic
from deployments.calls import answered
from deployments.handles import Shards
from deployments.process import BEHIND, start
from oo.domain import ports
from oo.domain.health import State
from oo.integrations.service import Integrations
from oo.jobs.contract import Job
from oo.jobs.runner import run_forever
from oo.kit.clock import Clock
from oo.kit.errors import Unavailable
from oo.kit.plugins import discover
from oo.kit.provide import Provided
from oo.mlops.shadows import ShadowPolicies
from oo.recommend.outcomes import Outcomes
from oo.recommend.profile_cache import Profiles
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store.database import Database

FILL_LIMIT_S = 30.0
WRITE_LIMIT_S = 25.0  # what is written by then is kept


class _Generator:
    """The tip generator's handle as jobs see it."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    async def is_ready(self) -> bool:
        """Whether the model takes calls; with the generator away it does not either."""
        try:
            async with asyncio.timeout(FILL_LIMIT_S):
                return State(await answered(self._handle.engine_state.remote())) is State.READY
        except (TimeoutError, Unavailable):
            return False

    async def fill(self, user_id: str) -> None:
        """Fill the person's pool."""
        try:
            async with asyncio.timeout(FILL_LIMIT_S):
                await answered(self._handle.fill.remote(user_id, WRITE_LIMIT_S))
        except TimeoutError as error:
            raise Unavailable("the tip generator does not answer") from error


class Jobs:
    """Runs every job of `oo/jobs/periodic` on its own beat."""

    def __init__(self, shards: Sequence[Any], generator: Any) -> None:
        settings, clock, db, _ = start("jobs", BEHIND)
        integrations = Integrations.of(settings, db, clock)
        provided = Provided(
            {
                Database: db,
                Clock: clock,
                ports.ReadsSources: integrations,
                ports.ClosesTasks: integrations,
                ports.RevokesGrants: integrations,
                ports.WakesShards: Shards(shards, clock),
                ports.FillsPools: _Generator(generator),
                ports.LogsOutcomes: Outcomes(db, clock),
                ports.AsksShadows: ShadowOpinions(db, clock, ShadowPolicies(db)),
                ports.RebuildsProfiles: Profiles(db, clock),
            }
        )
        jobs = discover(oo.jobs.periodic, "JOB", Job)
        self._running = asyncio.get_running_loop().create_task(run_forever(jobs.values(), provided))

    async def status(self) -> str:
        """Raises when the jobs have ended, which they never should."""
        if self._running.done():
            self._running.result()
        return "ready"

    async def check_health(self) -> None:
        """Serve replaces the replica when the jobs have ended."""
        await self.status()
