"""The table of a run: on the terminal, as Markdown, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.faults.scenario import Row

HEADS = (
    "fault",
    "on",
    "acknowledged",
    "lost",
    "applied twice",
    "model equals replay",
    "failed requests",
    "recovery",
    "p99 in it (before)",
)


def cells(row: Row) -> tuple[str, ...]:
    """What the table shows of a row."""
    return (
        row.fault,
        row.on,
        f"{row.acknowledged:,}",
        f"{row.lost}",
        f"{row.twice}",
        {None: "–", True: "yes", False: "**no**"}[row.replay],
        f"{row.failed:,} of {row.asked:,}" if row.asked else "–",
        "–" if row.recovery_s is None else f"{row.recovery_s:.1f} s",
        "–" if row.p99_ms is None else f"{row.p99_ms:,.0f} ms{_before(row)}",
    )


def _before(row: Row) -> str:
    return "" if row.p99_before_ms is None else f" ({row.p99_before_ms:,.0f} ms)"


def markdown(rows: Sequence[Row]) -> str:
    """All rows, each with what else is to be said of it."""
    lines = [f"| {' | '.join(HEADS)} | |", "|---" * (len(HEADS) + 1) + "|"]
    for row in rows:
        said = "; ".join(
            (*([row.note] if row.note else []), *(f"**broken: {it}**" for it in row.broken))
        )
        lines.append(f"| {' | '.join(cells(row))} | {said} |")
    return "\n".join(lines)


def write(path: Path, rows: Sequence[Row], seed: int) -> None:
    """Keep the rows as JSON."""
    found = [{**asdict(row), "holds": row.holds} for row in rows]
    path.write_text(json.dumps({"seed": seed, "rows": found}, indent=2) + "\n")
