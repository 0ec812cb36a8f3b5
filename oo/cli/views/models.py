"""How the table of models looks."""

from collections.abc import Sequence

from rich.table import Table

from oo.cli.console import out, wide
from oo.mlops.models import ModelRow


def show(rows: Sequence[ModelRow], days: int) -> None:
    """One line for each alias, and under the table why some are not asked."""
    table = Table(box=None, pad_edge=False)
    for title in ("alias", "model", "where", "state"):
        table.add_column(title)
    for title in ("calls", "failed", "tokens", "USD", "p50", "p95", "refused", "left today"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(
            row.alias,
            row.model,
            row.place.value,
            _state(row),
            str(row.calls),
            ", ".join(f"{count} {kind}" for kind, count in row.failures.items()) or "0",
            str(row.prompt_tokens + row.completion_tokens),
            f"{row.cost_usd:.4f}",
            _seconds(row.p50_s),
            _seconds(row.p95_s),
            "" if row.refused is None else f"{row.refused:.0%}",
            _left(row),
        )
    wide().print(table)
    for row in rows:
        if row.why:
            out.print(f"{row.alias}: {row.why}")
    out.print(f"Calls of the last {days * 24} h; budgets run from midnight to midnight UTC.")


def _state(row: ModelRow) -> str:
    if row.state is None:
        return "not known"
    return f"{row.state} until {row.until:%H:%M:%S}" if row.until else row.state


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"


def _left(row: ModelRow) -> str:
    parts = []
    if row.tokens_left is not None:
        parts.append(f"{row.tokens_left} tokens")
    if row.usd_left is not None:
        parts.append(f"{row.usd_left:.2f} USD")
    return ", ".join(parts) or "no limit"
