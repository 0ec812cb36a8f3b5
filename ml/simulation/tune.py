"""Many simulations at once with Ray Tune: comparisons on a grid, sweeps by Optuna under ASHA.

The only file of `ml` that imports Ray. An experiment lives in one folder; after a kill the same
call goes on from there: finished trials are kept, the others go on from their last checkpoint.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import ray
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler
from ray.tune.search import ConcurrencyLimiter
from ray.tune.search.optuna import OptunaSearch

from ml.simulation.jobs import Finished, Job, Listener, Progress
from ml.simulation.runner import Simulation
from ml.simulation.scenario import Scenario
from ml.simulation.search import Space, variant_of
from ml.simulation.trace import Trace
from ml.simulation.whole_files import whole_files

CHECKPOINT_DAYS = 5
KEEP_ONE_IN = 3
RECENT_DAYS = 5
OBJECT_STORE_BYTES = 80 * 1024**2  # the least that Ray takes; trials share nothing through it
STATE_FILE = "simulation.pkl"
TRACE_FILE = "trace.npz"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "180",  # on a busy machine
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "0",  # after every step: a kill must not cost a finished trial
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


class _Listening(tune.Callback):  # type: ignore[misc]  # Ray has no types
    """Tells the listener of this process; without state, for Tune pickles its callbacks."""

    listener: ClassVar[Listener | None] = None

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        if _Listening.listener is not None:
            _Listening.listener(_progress(trials))


def run(job: Job, folder: Path, cpus: int, listener: Listener | None = None) -> list[Finished]:
    """Run a job's trials, or what an earlier call in `folder` left of them, on a Ray of its own.

    Raises RuntimeError with the reason of the first trial that failed.
    """
    with _own_ray(cpus, folder):
        _Listening.listener = listener
        try:
            results = _tuner(job, folder.resolve(), cpus).fit()
        finally:
            _Listening.listener = None
    if results.errors:
        raise RuntimeError(f"{results.num_errors} trials failed; the first: {results.errors[0]}")
    return [_finished(one) for one in results]


def simulate_trial(config: dict[str, Any]) -> None:
    """One trial: a variant on the scenario, day by day, from its last checkpoint if any."""
    simulation = _restored() or Simulation(
        Scenario.from_dict(config["scenario"]), variant_of(config).build()
    )
    if simulation.finished:
        _report(simulation)
    while not simulation.finished:
        simulation.run_day()
        _report(simulation)


def _tuner(job: Job, folder: Path, cpus: int) -> Any:
    trainable = tune.with_resources(simulate_trial, {"cpu": 1})
    files = whole_files()
    if tune.Tuner.can_restore(str(folder), storage_filesystem=files):
        return tune.Tuner.restore(
            str(folder), trainable, resume_errored=True, storage_filesystem=files
        )
    return tune.Tuner(
        trainable,
        param_space=None if job.trials else _grid(job),
        tune_config=tune.TuneConfig(
            reuse_actors=True,
            trial_dirname_creator=_trial_id,
            **(_search(job, cpus) if job.trials else {}),
        ),
        run_config=tune.RunConfig(
            name=folder.name,
            storage_path=str(folder.parent),
            storage_filesystem=files,
            # two, for the recorded state may be one step older than what lies on the disk
            checkpoint_config=tune.CheckpointConfig(num_to_keep=2),
            callbacks=[_Listening()],
            verbose=0,
        ),
    )


def _grid(job: Job) -> dict[str, Any]:
    """Every variant under every seed."""
    variants = [{"policy": one.policy, "params": dict(one.params)} for one in job.variants]
    scenarios = [scenario.to_dict() for scenario in job.scenarios]
    return {"scenario": tune.grid_search(scenarios), "variant": tune.grid_search(variants)}


def _trial_id(trial: Any) -> str:
    return str(trial.trial_id)


def _search(job: Job, cpus: int) -> dict[str, Any]:
    """Optuna's TPE over policies and their parameters; ASHA (Li et al. 2018) stops the worse."""
    space = Space(tuple(one.policy for one in job.variants), job.scenario.to_dict())
    searcher = OptunaSearch(space=space, metric="reward", mode="max", seed=job.scenario.seed)
    days = job.scenario.days
    return {
        "num_samples": job.trials,
        "search_alg": ConcurrencyLimiter(searcher, max_concurrent=cpus),
        "scheduler": AsyncHyperBandScheduler(
            # not the reward so far: what explores at first would be stopped before it pays
            metric="recent",
            mode="max",
            time_attr="day",
            max_t=days,
            grace_period=_first_rung(days),
            reduction_factor=KEEP_ONE_IN,
        ),
    }


def _report(simulation: Simulation) -> None:
    trace = simulation.so_far
    metrics = {
        "day": simulation.day,
        "reward": trace.mean_reward(),
        "recent": trace.last(RECENT_DAYS * simulation.scenario.per_day).mean_reward(),
        "regret": float(trace.regret.mean()),
    }
    if not (simulation.finished or _keeps(simulation.day, simulation.scenario.days)):
        tune.report(metrics)
        return
    with tempfile.TemporaryDirectory() as folder:
        simulation.save(Path(folder) / STATE_FILE)
        trace.save(Path(folder) / TRACE_FILE)
        tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(folder))


def _first_rung(days: int) -> int:
    """The day before which no trial is stopped; with it, the rungs are it times powers of three."""
    return max(days // KEEP_ONE_IN, 1)


def _keeps(day: int, days: int) -> bool:
    """Whether a day ends with a checkpoint: a trial that is stopped then must have its trace."""
    return day % CHECKPOINT_DAYS == 0 or day % _first_rung(days) == 0


def _restored() -> Simulation | None:
    checkpoint = tune.get_checkpoint()
    if checkpoint is None:
        return None
    with checkpoint.as_directory() as folder:
        return Simulation.load(Path(folder) / STATE_FILE)


def _finished(result: Any) -> Finished:
    with result.checkpoint.as_directory() as folder:
        trace = Trace.load(Path(folder) / TRACE_FILE)
    return Finished(variant_of(result.config), result.config["scenario"]["seed"], trace)


def _progress(trials: list[Any]) -> Progress:
    ended = [one.status == "TERMINATED" for one in trials]
    last = {one.trial_id: one.last_result or {} for one in trials}
    days = [last[one.trial_id].get("day", 0) / one.config["scenario"]["days"] for one in trials]
    return Progress(
        finished=sum(ended),
        done=sum(1.0 if over else part for over, part in zip(ended, days, strict=True)),
        rewards={name: result["reward"] for name, result in last.items() if "reward" in result},
    )


@contextmanager
def _own_ray(cpus: int, experiment: Path) -> Iterator[None]:
    """A Ray node for this process alone; whatever else runs here is left alone."""
    os.environ.update(_QUIET)
    # short, for sockets have their place in it, and the same after a kill, to leave one at most
    mark = hashlib.sha256(str(experiment.resolve()).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"oo-ray-{os.getuid()}-{mark}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=OBJECT_STORE_BYTES,
            _temp_dir=str(folder),
        )
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
