"""How an evaluation of the decision log looks: a table, plain data, a plot."""

from pathlib import Path
from typing import Any

from rich.table import Table

from oo.cli.console import out, wide
from oo.cli.views.forest import Row, save_forest
from oo.mlops.evaluation import Difference, Estimate, Evaluation, Finding

FEW = 30  # decisions that an interval should rest on, at least


def show(found: Evaluation, level: float) -> None:
    """The table of findings, and what they rest on."""
    wide().print(_table(found, level))
    independent = "people" if found.by_people else "decisions"
    missing = (
        f"; {found.without_reward} without a reaction left out" if found.without_reward else ""
    )
    young = (
        f"; {found.unsettled} younger than a day, not settled, left out" if found.unsettled else ""
    )
    small = [f"{one.policy} {one.label}".strip() for one in found.findings if _is_small(one)]
    if small:
        names = ", ".join(dict.fromkeys(small))
        out.print(f"[yellow]Too few decisions (n or ESS under {FEW}): {names}.[/yellow]")
    out.print(
        f"{found.decisions} decisions of {found.people} people{missing}{young}."
        f" Intervals take {independent} to be independent."
    )


def _is_small(finding: Finding) -> bool:
    """Whether too few decisions speak for the interval to be believed."""
    estimate = finding.estimate
    return estimate is None or min(estimate.n, estimate.effective_sample_size) < FEW


def record(finding: Finding) -> dict[str, Any]:
    """A finding as plain values."""
    estimate, difference = finding.estimate, finding.difference
    return {
        "policy": finding.policy,
        "slice": finding.label,
        "share": finding.share,
        "too_few": _is_small(finding),
        **({} if estimate is None else estimate._asdict() | _limits(estimate)),
        "difference": None if difference is None else difference._asdict() | _limits(difference),
    }


def plot(path: Path, found: Evaluation, level: float) -> None:
    """The findings as a forest plot at `path` (PNG)."""
    rows = [_row(one.policy, one.label, one.estimate) for one in found.findings if one.estimate]
    save_forest(path, rows, level)


def _table(found: Evaluation, level: float) -> Table:
    labelled = any(one.label for one in found.findings)
    compared = any(one.difference for one in found.findings)
    table = Table(box=None, pad_edge=False)
    table.add_column("policy")
    if labelled:
        table.add_column("slice")
        table.add_column("share", justify="right")
    table.add_column("estimator")
    for title in ("value", f"{level:.0%} interval", "n", "ESS", "max w"):
        table.add_column(title, justify="right")
    if compared:
        table.add_column("difference", justify="right")
    for one in found.findings:
        slice_cells = [one.label, f"{one.share:.0%}"] if labelled else []
        cells = [one.policy, *slice_cells, *_numbers(one.estimate)]
        table.add_row(*cells, *([_difference(one.difference)] if compared else []))
    return table


def _numbers(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", "too few", "", "", ""]
    return [
        estimate.estimator,
        f"{estimate.value:+.3f}",
        f"{estimate.interval.lower:+.3f} to {estimate.interval.upper:+.3f}",
        str(estimate.n),
        f"{estimate.effective_sample_size:.0f}",
        f"{estimate.max_weight:.1f}",
    ]


def _difference(difference: Difference | None) -> str:
    if difference is None:
        return ""
    lower, upper, _ = difference.interval
    return f"{difference.value:+.3f} ({lower:+.3f} to {upper:+.3f})"


def _limits(result: Estimate | Difference) -> dict[str, Any]:
    return {"interval": [result.interval.lower, result.interval.upper]}


def _row(policy: str, label: str, estimate: Estimate) -> Row:
    name = f"{policy}  {label}".strip()
    return Row(name, estimate.estimator, estimate.value, *estimate.interval[:2])
