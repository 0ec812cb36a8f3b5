"""How a simulation looks in a terminal: its progress, and its result."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from oo.cli.console import out
from oo.mlops.simulation import Comparison, Entry, Interval, Outcome, Report, Step, sparkline
from oo.mlops.simulation_plan import Calibration, Job, Listener

SHOWN = 12
COMPARED = 8
SPARK_DAYS = 20


@contextmanager
def progress(console: Console, job: Job) -> Iterator[Listener]:
    """A bar that moves with the simulated days of all trials."""
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[trials]}"),
        TextColumn("{task.fields[reward]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=job.total, trials="starting", reward="")

        def listen(now: Step) -> None:
            rewards = list(now.rewards.values())
            said = (
                f"mean reward {np.mean(rewards):+.3f}, best {max(rewards):+.3f}" if rewards else ""
            )
            trials = f"{now.finished} of {job.total} trials done"
            bar.update(task, completed=now.done, trials=trials, reward=said)

        yield listen
        bar.update(task, completed=job.total, trials=f"{job.total} of {job.total} trials done")


def show(outcome: Outcome, job: Job) -> None:
    """The table, the comparison, and where everything is."""
    people = job.scenario.population.people
    out.print(
        f"\n{outcome.decisions:,} decisions for {people} simulated people in"
        f" {outcome.took_s:.1f} s ({outcome.decisions / outcome.took_s:,.0f} per second);"
        " 95% intervals over people."
    )
    out.print(_table(outcome.report))
    for line in (*_curves(outcome.report), "", *_comparisons(outcome.report)):
        out.print(line)
    out.print(f"\npicture and report  {outcome.plot}\nMLflow run          {outcome.mlflow_run_id}")


def show_judge(name: str, found: Calibration) -> None:
    """How the judge follows the truth."""
    out.print(
        f"\nJudge [bold]{name}[/bold] against the rule on {found.cases} tips"
        f" ({found.failed} answers made no sense): same order in {found.agreement:.0%} of pairs,"
        f" correlation {found.correlation:+.2f} (ranks {found.rank_correlation:+.2f}),"
        f" calibration slope {found.slope:.2f}, intercept {found.intercept:+.2f}"
    )


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("policy", overflow="fold")
    for title in ("reward", "regret", "done", "dism.", "first → last ¼"):
        table.add_column(title, no_wrap=True)
    for entry in report.entries[:SHOWN]:
        summary = entry.summary
        table.add_row(
            entry.label,
            _around(summary.reward, "+.3f"),
            _around(summary.regret, ".3f"),
            f"{summary.done_rate.mean:.0%}",
            f"{summary.dismiss_rate.mean:.0%}",
            f"{summary.early.mean:+.2f} → {summary.late.mean:+.2f}",
        )
    return table


def _curves(report: Report) -> Iterator[str]:
    """The reward curves as lines of blocks, all on one scale."""
    shown = report.entries[:SHOWN]
    curves = [_by_day(entry) for entry in shown]
    low, high = (float(bound(np.concatenate(curves))) for bound in (np.min, np.max))
    yield f"\nreward by day, from {low:+.2f} to {high:+.2f}"
    for entry, curve in zip(shown, curves, strict=True):
        stopped = "" if entry.days == shown[0].days else f" (stopped after {entry.days} days)"
        yield f"{sparkline(curve.tolist(), low, high):{SPARK_DAYS}} {entry.label}{stopped}"


def _around(value: Interval, form: str) -> str:
    return f"{value.mean:{form}} ±{value.high - value.mean:.3f}"


def _comparisons(report: Report) -> Iterator[str]:
    reference = report.reference
    for label, found in list(report.against.items())[:COMPARED]:
        yield (
            f"{reference} − {label}: {_bounds(found.reward)}, lift {_percent(found)};"
            f" better for {found.better:.0%} of {found.pairs} people"
        )


def _percent(found: Comparison) -> str:
    mean, low, high = found.lift
    if np.isnan(mean):
        return "none to speak of"
    return f"{mean:+.0%} \\[{low:+.0%}, {high:+.0%}]"


def _bounds(value: Interval) -> str:
    return f"{value.mean:+.4f} \\[{value.low:+.4f}, {value.high:+.4f}]"


def _by_day(entry: Entry) -> np.ndarray:
    """The reward over at most SPARK_DAYS stretches of days, to fit a line."""
    values = np.nan_to_num(entry.curves.reward.mean)
    parts = np.array_split(values, min(SPARK_DAYS, len(values)))
    return np.array([part.mean() for part in parts])
