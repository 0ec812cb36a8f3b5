"""How policies, their history and the gate's report look in a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.promotion import Check, Report
from oo.mlops.roles import Standing
from oo.store.policies import Change

ROLES = {"in_force": "in force"}


def show_report(report: Report, since: datetime | None) -> None:
    """The table of checks, and what to do about those that failed."""
    gain = "" if report.gain is None else f", estimated gain {report.gain:+.3f}"
    start = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    pair = f"{report.challenger} against {report.incumbent}"
    young = f" ({report.unsettled} younger than a day left out)" if report.unsettled else ""
    out.print(f"{pair} on {report.decisions} decisions{start}{young}{gain}")
    table = Table(box=None, pad_edge=False)
    for title in ("", "check", "measured", "asked for"):
        table.add_column(title, justify="right" if title == "measured" else "left")
    for check in report.checks:
        mark = "[green]✓[/green]" if check.passed else "[red]✗[/red]"
        table.add_row(
            mark, check.name, _number(check.value), f"{check.rule} {_number(check.limit)}"
        )
    wide().print(table)
    for line in _advice(report.checks):
        out.print(line)


def show_standings(standings: Sequence[Standing]) -> None:
    """Policies with their role, since when, by whom and why."""
    table = Table(box=None, pad_edge=False)
    for title in ("policy", "role", "since (UTC)", "by", "why"):
        table.add_column(title, overflow="fold")
    for one in standings:
        since = _when(one.change) if one.change else ""
        by, why = (one.change.actor, one.change.reason) if one.change else ("", "")
        role = ROLES.get(one.role or "", one.role or "")
        table.add_row(str(one.policy), role, since, by, why)
    wide().print(table)


def show_history(history: Sequence[Change]) -> None:
    """Every change and every refused attempt, the newest first."""
    table = Table(box=None, pad_edge=False)
    for title in ("when (UTC)", "policy", "became", "by", "why", "gate"):
        table.add_column(title, overflow="fold")
    for one in reversed(history):
        role = ROLES.get(one.role, one.role)
        table.add_row(_when(one), str(one.policy), role, one.actor, one.reason, _gate(one))
    wide().print(table)


def _gate(change: Change) -> str:
    """What the report of a change says in short: nothing where the gate was not asked."""
    checks = change.report.get("checks", [])
    failed = [check["name"] for check in checks if not check["passed"]]
    if not checks:
        return ""
    return f"failed: {', '.join(failed)}" if failed else f"{len(checks)} checks passed"


def _advice(checks: Sequence[Check]) -> Iterator[str]:
    for check in checks:
        if not check.passed:
            yield f"[red]✗[/red] {check.name}: {check.advice}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def _when(change: Change) -> str:
    return f"{change.created_at:%Y-%m-%d %H:%M}"
