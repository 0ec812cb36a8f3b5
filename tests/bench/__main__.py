"""`make bench`: `/recommend` and `/feedback` of oO beside others, in one run, as ratios."""

import asyncio
import json
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.bench.load import lines_of, picked_at_random, wrk
from tests.bench.seed import open_words, seed
from tests.bench.systems import (
    BASELINES,
    FRAMEWORKS,
    CannotRunError,
    check,
    cpu_seconds,
    running,
    store,
)

BASES = (*BASELINES, *FRAMEWORKS)  # what oO is compared with
SYSTEMS = (*BASES, "oo", "oo-2x2", "oo-pg")
KINDS = ("recommend", "feedback")
PEOPLE = 64
WARM_UP_S = 2

out = Console(highlight=False)


def main(
    seconds: Annotated[int, typer.Option(help="Seconds per measurement.")] = 5,
    connections: Annotated[str, typer.Option(help="Numbers of connections.")] = "1,16,64",
    systems: Annotated[str, typer.Option(help="Which systems, in this order.")] = ",".join(SYSTEMS),
    tips: Annotated[int, typer.Option(help="Served tips that wait for a reaction.")] = 80_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write JSON here.")] = None,
) -> None:
    """Measure all systems and print throughput, latency, CPU per request and ratios."""
    if shutil.which("wrk") is None:
        out.print("wrk is missing: `apt-get install wrk`; as root, `make bench` installs it.")
        raise typer.Exit(2)
    counts = [int(count) for count in connections.split(",")]
    names = systems.split(",")
    try:
        for name in names:
            check(name)
    except CannotRunError as error:
        out.print(str(error))
        raise typer.Exit(2) from error
    rows: list[dict[str, Any]] = []
    with Progress(console=out) as progress:
        task = progress.add_task("measuring", total=len(names) * len(KINDS) * len(counts))
        for name in names:
            for row in _measured(name, counts, seconds, tips):
                rows.append(row)
                progress.advance(task)
    _add_ratios(rows)
    _print(rows)
    if json_file:
        report = {"machine": platform.platform(), "seconds": seconds, "rows": rows}
        json_file.write_text(json.dumps(report, indent=2) + "\n")


def _measured(name: str, counts: list[int], seconds: int, tips: int) -> Iterator[dict[str, Any]]:
    """The rows of one system, on a store of its own."""
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder, store(name, Path(folder)) as at:
        data = Path(folder)
        seeded = asyncio.run(seed(data / "oo.db", PEOPLE, tips, address=at))
        if name in BASES:
            open_words(data / "oo.db")
        with running(name, data, address=at) as (port, process):
            for kind in KINDS:
                lines = lines_of(data / kind, kind, seeded)
                wrk(port, kind, lines, 0, 4, WARM_UP_S)
                first = tips // 2 if kind == "feedback" else 0
                for count in counts:
                    before, random = cpu_seconds(process), picked_at_random(data, at)
                    result = wrk(port, kind, lines, first, count, seconds)
                    used = cpu_seconds(process) - before
                    first += result["requests"] + count
                    row = _row(name, kind, count, result, used)
                    yield row | {"random": picked_at_random(data, at) - random}


def _row(
    system: str, kind: str, connections: int, result: dict[str, Any], cpu: float
) -> dict[str, Any]:
    return {
        "system": system,
        "route": f"/{kind}",
        "connections": connections,
        "per_second": round(result["requests"] / result["seconds"], 1),
        "p50_ms": result["p50_ms"],
        "p99_ms": result["p99_ms"],
        "p99_over_p50": round(result["p99_ms"] / max(result["p50_ms"], 1e-9), 2),
        "cpu_us": round(cpu / max(result["requests"], 1) * 1e6, 1),
        "not_2xx": result["not_2xx"],
        "broken": result["broken"],
    }


def _add_ratios(rows: list[dict[str, Any]]) -> None:
    speed = {(r["system"], r["route"], r["connections"]): r["per_second"] for r in rows}
    for row in rows:
        for base in BASES:
            reference = speed.get((base, row["route"], row["connections"]))
            if reference:
                row[f"times_{base}"] = round(row["per_second"] / reference, 2)


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(title="oO beside others, same run, same store guarantees")
    bases = [base for base in BASES if any(f"times_{base}" in row for row in rows)]
    heads = ("route", "conn.", "system", "req/s", "p50 ms", "p99 ms", "p99/p50", "CPU µs")
    for head in (*heads, *(f"× {base}" for base in bases), "not 2xx", "random"):
        table.add_column(head, justify="right")
    for row in sorted(rows, key=lambda r: (r["route"], r["connections"])):
        table.add_row(
            row["route"],
            str(row["connections"]),
            row["system"],
            f"{row['per_second']:.0f}",
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
            f"{row['p99_over_p50']:.1f}",
            f"{row['cpu_us']:.0f}",
            *(str(row.get(f"times_{base}", "")) for base in bases),
            str(row["not_2xx"]),
            str(row["random"]),
        )
    Console(width=150, highlight=False).print(table)


if __name__ == "__main__":
    typer.run(main)
