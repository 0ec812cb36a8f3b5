"""Simulations and evaluations that the console was asked for: one at a time, each in a process of
its own behind all others; the rest wait in the store, which also knows how each of them ended.
"""

import asyncio
import contextlib
import logging
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from oo.kit.aside import Part, Tell, answering, aside
from oo.kit.clock import Clock, SystemClock
from oo.kit.errors import BadRequest, NotFound, OoError
from oo.kit.ids import new_id
from oo.kit.settings import Settings, load_settings
from oo.mlops import policy_lookup
from oo.mlops.evaluation import By, Difference, Estimate, Finding, Question, evaluate
from oo.store import simulations as store
from oo.store.database import Database
from oo.store.simulations import ASKED, CANCELLED, CUT, FAILED, RUNNING, SimulationRun
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from oo.mlops.simulation import Step

log = logging.getLogger(__name__)

COMPARISON, EVALUATION = "comparison", "evaluation"
KILLED = "KILLED"  # as MLflow calls what was ended
ESTIMATORS = ("dr", "snips")
LOGGED = "as logged"
MODULE = "oo.mlops.asked_runs"
WITHIN_S = 3600.0
LOOK_EVERY_S = 1.0
WHY_CUT = "oO was stopped while it ran. Ask for it again."
CLOSED_WITHIN_S = 60.0


class World(NamedTuple):
    """What is simulated; see `oo.mlops.simulation_plan.Plan`."""

    policies: tuple[str, ...]
    people: int
    days: int
    decisions: int
    seed: int = 7
    seeds: int = 1
    heterogeneity: float = 1.0


class Asked(NamedTuple):
    """What is evaluated: on the decisions of so many days, in comparison with a policy, divided."""

    policies: tuple[str, ...]
    against: str = ""
    by: str = ""
    days: int = 30


def simulation_of(world: World, clock: Clock) -> SimulationRun:
    """The run of a comparison; raises BadRequest for a policy that there is not."""
    try:
        for name in world.policies:
            policy_lookup.by_name(name)
    except ValueError as error:
        raise BadRequest(f"{error}.") from error
    made = new_id(clock)
    config = {ASKED: world._asdict()}
    return SimulationRun(
        made, f"run-{made[-8:]}", clock.now(), COMPARISON, world.seed, config, None
    )


async def evaluation_of(db: Database, asked: Asked, clock: Clock) -> SimulationRun:
    """The run of an evaluation; raises BadRequest for a policy that there is not."""
    if not asked.policies:
        raise BadRequest("Choose a policy at least.")
    async with db.read() as connection:
        for name in (*asked.policies, *([asked.against] if asked.against else [])):
            await policy_lookup.named(connection, name)
    made = new_id(clock)
    config = {ASKED: asked._asdict()}
    return SimulationRun(made, f"ope-{made[-8:]}", clock.now(), EVALUATION, 0, config, None)


class AskedRuns:
    """Sees through what waits. One of these works on a store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._has_begun = False

    async def run_next(self) -> int:
        """See the one through that has waited longest; how many, which is none or one."""
        if not self._has_begun:
            await self._say_what_was_cut()
            self._has_begun = True
        async with self._db.read() as connection:
            if not await store.asked_for(connection):
                return 0
        async with self._db.write() as connection:
            run = await store.take_next(connection)
        if run is None:
            return 0
        await self._see_through(run)
        return 1

    async def _say_what_was_cut(self) -> None:
        """Processes end with whoever started them: what ran then does not run any more."""
        async with self._db.read() as connection:
            running = await store.asked_for(connection, [RUNNING])
        for run in running:
            log.warning("%s was cut", run.name)
            await self._end(run, CUT, WHY_CUT)
            await self._close(run, KILLED)

    async def _see_through(self, run: SimulationRun) -> None:
        part = Part(0, 1)

        def told(now: Part) -> None:
            nonlocal part
            part = now

        work = asyncio.create_task(aside(MODULE, {"id": run.id}, WITHIN_S, told))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=LOOK_EVERY_S)
                if not work.done() and not await self._goes_on(run, part):
                    break
            else:
                await self._keep(run, work)
                return
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await work
        log.info("%s was cancelled", run.name)
        await self._close(run, KILLED)

    async def _goes_on(self, run: SimulationRun, part: Part) -> bool:
        async with self._db.write() as connection:
            if await store.note(connection, run.id, *part):
                return True
            found = await store.find(connection, run.id)
        return found is not None and found.status not in (CANCELLED, CUT)

    async def _keep(self, run: SimulationRun, work: "asyncio.Task[Any]") -> None:
        try:
            summary = work.result()
        except OoError as error:
            await self._end(run, FAILED, error.detail)
            await self._close(run, "FAILED")  # its process may have had no time to
            return
        if run.kind == EVALUATION:  # a simulation has recorded itself
            async with self._db.write() as connection:
                await store.finish(connection, run.id, self._clock.now(), summary, [])

    async def _end(self, run: SimulationRun, status: str, why: str) -> None:
        async with self._db.write() as connection:
            await store.end(connection, run.id, status, self._clock.now(), why[:500])

    async def _close(self, run: SimulationRun, status: str) -> None:
        """Have MLflow know that a simulation ended, which its process could not say."""
        async with self._db.read() as connection:
            found = await store.find(connection, run.id)
        if found is None or found.mlflow_run_id is None:
            return
        order = {"close": found.mlflow_run_id, "status": status}
        try:
            await aside(MODULE, order, CLOSED_WITHIN_S)
        except OoError as error:
            log.warning("MLflow goes on showing %s as running: %s", run.name, error)


def _work(order: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """What the process does: the run of that id, or the end of one in MLflow."""
    settings, clock = load_settings(), SystemClock()
    if "close" in order:
        from oo.mlops import simulation

        simulation.close(settings, order["close"], order["status"])
        return {}

    async def find(db: Database) -> SimulationRun | None:
        async with db.read() as connection:
            return await store.find(connection, order["id"])

    run = with_store(settings, find)
    if run is None:
        raise NotFound("There is no such run.")
    asked = {**run.config[ASKED], "policies": tuple(run.config[ASKED]["policies"])}
    if run.kind == COMPARISON:
        _simulate(settings, clock, run, World(**asked), tell)
        return {}
    return with_store(settings, lambda db: evaluated(db, Asked(**asked), clock, tell))


def _simulate(
    settings: Settings, clock: Clock, run: SimulationRun, world: World, tell: Tell
) -> None:
    # seconds of imports, of the world and of pictures, are for the process that needs them
    from oo.mlops import simulation
    from oo.mlops.simulation_plan import Plan, make_job, runner

    told = world._asdict() | {"policies": ",".join(world.policies)}
    job = make_job(Plan(**told, name=run.name), clock)
    simulation.create(settings, job)
    simulation.adopt(settings, job, run.id)
    of = float(job.total)
    said = 0.0

    def listen(step: "Step") -> None:
        nonlocal said
        if step.done - said >= of / 200:
            said = step.done
            tell(Part(step.done, of))

    simulation.execute(settings, clock, job, runner(job, 1, here=True), listen)


async def evaluated(db: Database, asked: Asked, clock: Clock, tell: Tell) -> dict[str, Any]:
    """What `oo ope` says, as data; one policy after another, so that it tells how far it is.

    Raises what :func:`oo.mlops.evaluation.evaluate` raises.
    """
    now = clock.now()
    found: list[dict[str, Any]] = []
    summary: dict[str, Any] = {}
    for number, name in enumerate(asked.policies):
        tell(Part(number, len(asked.policies)))
        question = Question(
            policies=(name,),
            estimators=ESTIMATORS,
            by=By(asked.by) if asked.by else None,
            against=asked.against or None,
            since=now - timedelta(days=asked.days),
        )
        one = await evaluate(db, question, now)
        summary = {
            "decisions": one.decisions,
            "people": one.people,
            "without_reward": one.without_reward,
            "unsettled": one.unsettled,
        }
        kept = {name} if number else {name, LOGGED}
        found += [_told(it) for it in one.findings if it.policy in kept]
    return {**summary, "findings": found}


def _told(finding: Finding) -> dict[str, Any]:
    estimate, difference = finding.estimate, finding.difference
    told: dict[str, Any] = {"policy": finding.policy, "slice": finding.label}
    if estimate is not None:
        told |= {
            "estimator": estimate.estimator,
            "value": _with_bounds(estimate),
            "n": estimate.n,
            "ess": estimate.effective_sample_size,
            "max_weight": estimate.max_weight,
        }
    if difference is not None:
        told["difference"] = _with_bounds(difference)
        told |= {"estimator": difference.estimator, "n": difference.n}
    return told


def _with_bounds(found: Estimate | Difference) -> list[float | None]:
    values = (found.value, found.interval.lower, found.interval.upper)
    return [float(one) if math.isfinite(one) else None for one in values]


if __name__ == "__main__":
    answering(_work)
