"""A simulation from start to finish: its folder, its row in the store, its run in MLflow.

What can be lost to a kill can be made again: the folder holds the job and Tune's state, so the same
job goes on in it, and what was recorded of the earlier attempt is replaced.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ml.simulation.estimates import Comparison, Interval
from ml.simulation.jobs import FILE, Finished, Job, Listener
from ml.simulation.jobs import Progress as Step
from ml.simulation.plots import sparkline
from ml.simulation.simulation_report import Entry, Report, report
from oo.kit.clock import Clock
from oo.kit.errors import Conflict, NotFound, OoError
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.mlops.simulation_results import REPORT, day_events, log_run, write_files
from oo.mlops.tracked import tracking_of
from oo.store import simulations as store
from oo.store.database import Database
from oo.store.simulations import DayEvent, SimulationRun
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from ml.tracking import Run, Tracking

# what the command line and the console work with; they do not see `ml`
__all__ = [
    "Comparison",
    "Entry",
    "Interval",
    "Outcome",
    "Report",
    "Step",
    "adopt",
    "close",
    "create",
    "execute",
    "folder_of",
    "load_job",
    "sparkline",
]

EXPERIMENT = "simulations"
STATE = "run.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A recorded simulation: `plot` and the report lie in `folder`; `took_s` without recording."""

    report: Report
    folder: Path
    plot: Path
    mlflow_run_id: str
    took_s: float
    decisions: int


def folder_of(settings: Settings, name: str) -> Path:
    """Where the simulation of that name lies."""
    return settings.data_dir.resolve() / "simulations" / name


def load_job(settings: Settings, name: str) -> Job:
    """The job of an earlier call. Raises NotFound."""
    try:
        return Job.load(folder_of(settings, name))
    except (OSError, ValueError, KeyError) as error:
        raise NotFound(f"There is no simulation {name!r} to resume.") from error


def create(settings: Settings, job: Job) -> None:
    """Make the job's folder. Raises Conflict if the name is taken."""
    folder = folder_of(settings, job.name)
    if (folder / FILE).exists():
        raise Conflict(
            f"There is a simulation {job.name!r} already: go on with it by --resume {job.name},"
            " or choose another --name."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    job.save(folder)


def adopt(settings: Settings, job: Job, run_id: str) -> None:
    """Have a job that was created be the run of that id in the store, which was asked for."""
    state = {"id": run_id, "mlflow_run_id": "none yet"}
    (folder_of(settings, job.name) / STATE).write_text(json.dumps(state))


def close(settings: Settings, mlflow_run_id: str, status: str) -> None:
    """End a run in MLflow whose process has ended, unless it is there no more or has ended itself;
    `status` is one of MLflow's.
    """
    try:
        tracked = tracking_of(settings).run(mlflow_run_id)
    except LookupError:
        return
    if tracked.goes_on:
        tracked.finish(status)


def execute(
    settings: Settings,
    clock: Clock,
    job: Job,
    run: Callable[[Path, Listener | None], list[Finished]],
    listener: Listener | None = None,
) -> Outcome:
    """Run a created job and record it. Raises Conflict while another process runs it.

    `run` is what runs the trials, given a folder of its own.
    """
    folder = folder_of(settings, job.name)
    with _alone(folder), _recorded(settings, clock, job, folder) as (run_id, tracked):
        start = clock.monotonic()
        finished = run(folder / "trials", listener)
        took = clock.monotonic() - start
        result = report(finished, job.reference)
        plot = write_files(folder, job, finished, result)
        log_run(tracked, job, result, [plot, folder / REPORT, folder / FILE])
        summary, events = result.to_dict(), day_events(job, finished)
        with_store(settings, lambda db: _finish(db, clock, run_id, summary, events))
    decisions = sum(one.trace.reward.size for one in finished)
    return Outcome(result, folder, plot, tracked.id, took, decisions)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "running.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Conflict(f"The simulation {folder.name!r} is running already.") from None
    with lock:
        yield


@contextmanager
def _recorded(
    settings: Settings, clock: Clock, job: Job, folder: Path
) -> Iterator[tuple[str, "Run"]]:
    """The run's id in the store and its run in MLflow, which fail if the block does."""
    run_id, tracked = _open(settings, clock, job, folder)
    begun = SimulationRun(
        run_id, job.name, clock.now(), job.kind, job.scenario.seed, job.to_dict(), tracked.id
    )
    with_store(settings, lambda db: _begin(db, begun))
    try:
        yield run_id, tracked
    except Exception as error:
        reason = error.detail if isinstance(error, OoError) else repr(error)
        tracked.finish("FAILED")
        with_store(settings, lambda db: _fail(db, clock, run_id, reason[:500]))
        raise
    tracked.finish()


def _open(settings: Settings, clock: Clock, job: Job, folder: Path) -> tuple[str, "Run"]:
    """The recorded run of an earlier attempt, without what it logged below; or a new one."""
    tracking = tracking_of(settings)
    state = folder / STATE
    if state.exists():
        values = json.loads(state.read_text())
        try:
            tracked = tracking.run(values["mlflow_run_id"])
        except LookupError:
            tracked = _start(tracking, job)
        for child in tracking.children(tracked):
            tracking.delete(child)
        run_id = values["id"]
    else:
        run_id, tracked = new_id(clock), _start(tracking, job)
    state.write_text(json.dumps({"id": run_id, "mlflow_run_id": tracked.id}))
    return run_id, tracked


def _start(tracking: "Tracking", job: Job) -> "Run":
    run = tracking.start_run(EXPERIMENT, job.name, {"kind": job.kind})
    scenario = job.scenario.to_dict()
    parts = {name: part for name, part in scenario.items() if isinstance(part, dict)}
    flat = {name: value for name, value in scenario.items() if name not in parts}
    flat |= {f"{name}.{key}": part[key] for name, part in parts.items() for key in part}
    flat |= {"seeds": job.seeds, "trials": job.total}
    run.log_params(flat)
    return run


async def _begin(db: Database, run: SimulationRun) -> None:
    async with db.write() as connection:
        await store.begin(connection, run)


async def _finish(
    db: Database, clock: Clock, run_id: str, summary: dict[str, Any], events: list[DayEvent]
) -> None:
    async with db.write() as connection:
        await store.finish(connection, run_id, clock.now(), summary, events)


async def _fail(db: Database, clock: Clock, run_id: str, reason: str) -> None:
    async with db.write() as connection:
        await store.fail(connection, run_id, clock.now(), reason)
