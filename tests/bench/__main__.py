"""`make bench`: `/recommend` and `/feedback` of oO beside others, in one run, as ratios."""

import asyncio
import json
import platform
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Annotated, Any, NamedTuple

import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.bench.load import lines_of, picked_at_random, wrk
from tests.bench.seed import Seeded, open_words, seed
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


class System(NamedTuple):
    """One that runs, with what it is asked."""

    name: str
    port: int
    process: psutil.Process
    data: Path
    address: str
    seeded: Seeded


def main(
    seconds: Annotated[int, typer.Option(help="Seconds per turn.")] = 3,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each system.")] = 3,
    connections: Annotated[str, typer.Option(help="Numbers of connections.")] = "1,16,64",
    systems: Annotated[str, typer.Option(help="Which systems.")] = ",".join(SYSTEMS),
    tips: Annotated[int, typer.Option(help="Served tips that wait for a reaction.")] = 80_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write JSON here.")] = None,
) -> None:
    """Measure all systems and print throughput, latency, CPU per request and ratios.

    Each oO is up together with all the others that are no oO, and they are asked by turns, so that
    the machine's slow and fast phases meet all alike. Figures are medians of a system's turns, and
    ratios medians of the ratios of each round.
    """
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
    bases = [name for name in names if name in BASES]
    groups = [[*bases, name] for name in names if name not in BASES] or [bases]
    turns: list[dict[str, Any]] = []
    total = sum(len(group) for group in groups) * len(KINDS) * len(counts) * rounds
    with Progress(console=out) as progress:
        task = progress.add_task("measuring", total=total)
        for number, group in enumerate(groups):
            for turn in _measured(group, counts, seconds, rounds, tips):
                turns.append(turn | {"group": number})
                progress.advance(task)
    rows = summed_up(turns)
    _print(rows)
    if json_file:
        report = {"machine": platform.platform(), "seconds": seconds, "rounds": rounds}
        json_file.write_text(json.dumps(report | {"rows": rows, "turns": turns}, indent=2) + "\n")


def _measured(
    names: list[str], counts: list[int], seconds: int, rounds: int, tips: int
) -> Iterator[dict[str, Any]]:
    """The turns of systems that are up together, each on a store of its own."""
    with ExitStack() as up:
        running_now = [_started(up, name, tips) for name in names]
        for kind in KINDS:
            first = {it.name: tips // 5 if kind == "feedback" else 0 for it in running_now}
            for it in running_now:
                wrk(it.port, kind, lines_of(it.data / kind, kind, it.seeded), 0, 4, WARM_UP_S)
            for count in counts:
                for number in range(rounds):
                    begin = number % len(running_now)
                    for it in running_now[begin:] + running_now[:begin]:
                        turn = _turn(it, kind, count, seconds, first[it.name])
                        first[it.name] += turn["requests"] + count
                        yield turn | {"round": number}


def _started(up: ExitStack, name: str, tips: int) -> System:
    data = Path(up.enter_context(tempfile.TemporaryDirectory(prefix="oo-bench-")))
    address = up.enter_context(store(name, data))
    seeded = asyncio.run(seed(data / "oo.db", PEOPLE, tips, address=address))
    if name in BASES:
        open_words(data / "oo.db")
    port, process = up.enter_context(running(name, data, address=address))
    return System(name, port, process, data, address, seeded)


def _turn(it: System, kind: str, count: int, seconds: int, first: int) -> dict[str, Any]:
    before, random = cpu_seconds(it.process), picked_at_random(it.data, it.address)
    result = wrk(it.port, kind, it.data / kind, first, count, seconds)
    used = cpu_seconds(it.process) - before
    row = _row(it.name, kind, count, result, used)
    return row | {"random": picked_at_random(it.data, it.address) - random}


def _row(
    system: str, kind: str, connections: int, result: dict[str, Any], cpu: float
) -> dict[str, Any]:
    return {
        "system": system,
        "route": f"/{kind}",
        "connections": connections,
        "requests": result["requests"],
        "per_second": round(result["requests"] / result["seconds"], 1),
        "p50_ms": result["p50_ms"],
        "p99_ms": result["p99_ms"],
        "p99_over_p50": round(result["p99_ms"] / max(result["p50_ms"], 1e-9), 2),
        "cpu_us": round(cpu / max(result["requests"], 1) * 1e6, 1),
        "not_2xx": result["not_2xx"],
        "broken": result["broken"],
    }


MIDDLE = ("per_second", "p50_ms", "p99_ms", "p99_over_p50", "cpu_us")
SUM = ("requests", "not_2xx", "broken", "random")


def summed_up(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each system, route and number of connections, with ratios to the others.

    A ratio is the median of the ratios in each round: both were asked within seconds of each other.
    """
    together: dict[tuple[Any, ...], dict[str, Any]] = {}
    rows: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for turn in turns:
        case = turn["route"], turn["connections"]
        together[(turn["group"], turn["round"], *case, turn["system"])] = turn
        rows.setdefault((*case, turn["system"]), []).append(turn)
    found = []
    for (route, connections, system), of_it in rows.items():
        row = {"system": system, "route": route, "connections": connections}
        row |= {name: round(median(it[name] for it in of_it), 2) for name in MIDDLE}
        row |= {name: sum(it[name] for it in of_it) for name in SUM}
        for base in BASES:
            at = [((it["group"], it["round"], route, connections, base), it) for it in of_it]
            pairs = [(it, together[key]) for key, it in at if key in together]
            if pairs:
                row[f"times_{base}"] = round(_ratio(pairs, "per_second"), 2)
                row[f"wait_{base}"] = round(_ratio(pairs, "p50_ms"), 2)
        found.append(row)
    return found


def _ratio(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]], name: str) -> float:
    return median(one[name] / max(other[name], 1e-9) for one, other in pairs)


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(title="oO beside others, same run, same store guarantees")
    bases = [base for base in BASES if any(f"times_{base}" in row for row in rows)]
    heads = ("route", "conn.", "system", "req/s", "p50 ms", "p99 ms", "p99/p50", "CPU µs")
    waits = ["p50 × tuned"] if "tuned" in bases else []
    for head in (*heads, *(f"× {base}" for base in bases), *waits, "not 2xx", "random"):
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
            *(str(row.get("wait_tuned", "")) for _ in waits),
            str(row["not_2xx"]),
            str(row["random"]),
        )
    Console(width=160, highlight=False).print(table)


if __name__ == "__main__":
    typer.run(main)
