"""What a simulation leaves: a report and a picture, rows for the store, runs in MLflow."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.simulation.cards import card
from ml.simulation.estimates import Summary
from ml.simulation.jobs import Finished, Job
from ml.simulation.plots import Point, plot_curves, plot_sweep
from ml.simulation.reactions import Answer
from ml.simulation.simulation_report import Report
from oo.store.simulations import DayEvent

if TYPE_CHECKING:
    from ml.tracking import Run

REPORT = "report.json"
BEST_SHOWN = 8  # more lines than that tell nothing


def write_files(folder: Path, job: Job, finished: Sequence[Finished], result: Report) -> Path:
    """Write the report and the picture into the job's folder; where the picture is."""
    (folder / REPORT).write_text(json.dumps(result.to_dict(), indent=1))
    people = f"{job.scenario.population.people} simulated people"
    if job.trials:
        plot = folder / "sweep.png"
        plot_sweep([_point(job, one) for one in finished], plot, f"{job.name}: {people}")
        return plot
    plot = folder / "reward-curve.png"
    seeds = f" × {job.seeds} seeds" if job.seeds > 1 else ""
    shown = {entry.label: entry.smooth for entry in result.entries[:BEST_SHOWN]}
    plot_curves(shown, plot, f"{job.name}: {people}{seeds}, 5-day means with 95% bands")
    return plot


def log_run(parent: "Run", job: Job, result: Report, files: Sequence[Path]) -> None:
    """Log the files to the job's own run, and each variant as a run below it."""
    for path in files:
        parent.log_file(path)
    parent.log_metrics({"best_reward": result.entries[0].summary.reward.mean})
    for entry in result.entries:
        child = parent.child(entry.label)
        child.log_params(
            {"policy": entry.variant.policy, "days": entry.days, **entry.variant.params}
        )
        child.log_curve("reward_by_day", entry.curves.reward.mean.tolist())
        child.log_curve("regret_by_day", entry.curves.regret.mean.tolist())
        child.log_metrics(_metrics(entry.summary))
        child.log_text(card(entry, job, result.against.get(entry.label)), "card.md")
        child.finish()


def day_events(job: Job, finished: Sequence[Finished]) -> list[DayEvent]:
    """What the store keeps: per simulated person and day; in a sweep per day of all people."""
    return [event for one in finished for event in _days(job, one)]


def _days(job: Job, one: Finished) -> Iterator[DayEvent]:
    trace, everybody = one.trace, job.trials > 0

    def by_day(values: Any) -> Any:
        """As (people, days, decisions), or (1, days, decisions of all)."""
        cube = values.reshape(len(values), -1, job.scenario.per_day)
        if not everybody:
            return cube
        return np.moveaxis(cube, 0, 1).reshape(1, cube.shape[1], -1)

    seen = by_day(trace.answer != Answer.UNSEEN)
    counts = seen.sum(axis=2)
    dismissed = by_day(trace.answer == Answer.DISMISS).sum(axis=2)
    reward = np.nansum(by_day(trace.reward), axis=2)
    regret, propensity = (by_day(v).mean(axis=2) for v in (trace.regret, trace.propensity))
    for person, day in np.ndindex(counts.shape):
        count = int(counts[person, day])
        yield DayEvent(
            policy=one.variant.label,
            seed=one.seed,
            persona=None if everybody else person,
            day=day,
            decisions=seen.shape[2],
            seen=count,
            dismissed=int(dismissed[person, day]),
            reward=float(reward[person, day]) / count if count else None,
            regret=float(regret[person, day]),
            propensity=float(propensity[person, day]),
        )


def _point(job: Job, one: Finished) -> Point:
    days = one.trace.reward.shape[1] // job.scenario.per_day
    return Point(one.variant.policy, one.trace.mean_reward(), days)


def _metrics(summary: Summary) -> dict[str, float]:
    """Means and bounds under MLflow's flat names; those that are numbers."""
    named = {
        f"{name}{suffix}": bound
        for name, value in summary._asdict().items()
        if isinstance(value, tuple)
        for suffix, bound in zip(("", "_low", "_high"), value, strict=True)
    }
    return {name: value for name, value in named.items() if np.isfinite(value)}
