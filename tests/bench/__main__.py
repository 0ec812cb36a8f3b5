"""`make bench`: `/recommend` and `/feedback` of oO beside two baselines, in one run, as ratios."""

import asyncio
import json
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.bench.load import lines_of, picked_at_random, wrk
from tests.bench.seed import seed
from tests.bench.systems import cpu_seconds, running

SYSTEMS = ("naive", "tuned", "oo")
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
    rows: list[dict[str, Any]] = []
    with Progress(console=out) as progress:
        task = progress.add_task("measuring", total=len(names) * len(KINDS) * len(counts))
        for name in names:
            with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
                data = Path(folder)
                seeded = asyncio.run(seed(data / "oo.db", PEOPLE, tips))
                with running(name, data) as (port, process):
                    at = 0
                    for kind in KINDS:
                        lines = lines_of(data / kind, kind, seeded)
                        wrk(port, kind, lines, 0, 4, WARM_UP_S)
                        at = 40_000 if kind == "feedback" else 0
                        for count in counts:
                            before, random = cpu_seconds(process), picked_at_random(data)
                            result = wrk(port, kind, lines, at, count, seconds)
                            used = cpu_seconds(process) - before
                            at += result["requests"] + count
                            rows.append(_row(name, kind, count, result, used))
                            rows[-1]["random"] = picked_at_random(data) - random
                            progress.advance(task)
    _add_ratios(rows)
    _print(rows)
    if json_file:
        report = {"machine": platform.platform(), "seconds": seconds, "rows": rows}
        json_file.write_text(json.dumps(report, indent=2) + "\n")


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
        for base in ("naive", "tuned"):
            reference = speed.get((base, row["route"], row["connections"]))
            if reference:
                row[f"times_{base}"] = round(row["per_second"] / reference, 2)


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(title="oO beside its baselines, same run, same store guarantees")
    heads = ("route", "conn.", "system", "req/s", "p50 ms", "p99 ms", "p99/p50", "CPU µs")
    for head in (*heads, "× naive", "× tuned", "not 2xx", "random"):
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
            str(row.get("times_naive", "")),
            str(row.get("times_tuned", "")),
            str(row["not_2xx"]),
            str(row["random"]),
        )
    Console(width=130, highlight=False).print(table)


if __name__ == "__main__":
    typer.run(main)
