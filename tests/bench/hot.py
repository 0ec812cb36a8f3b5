"""`python -m tests.bench.hot`: what one session that never stops asking costs everybody else.

Others ask for tips at a steady pace; phases without and with one session that sends 500 requests a
second take turns in one run of oO, with the limits that it ships with.
"""

import asyncio
import json
import platform
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table

from tests.bench.seed import seed
from tests.bench.systems import OO, check, cpu_seconds, running, store

LUA = Path(__file__).with_name("steady.lua")
CONNECTIONS = 64  # enough that one is free when the next request is due
WARM_UP_S = 5
ANSWERED = 0.999  # share of the others' requests, at least
SLOWER = 1.5  # the others' p99 beside the hot session, of that without, at most

out = Console(highlight=False)


@dataclass
class Side:
    """What the others, or the hot session, were answered in all phases of a kind."""

    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    latencies_us: list[int] = field(default_factory=list)
    skipped: int = 0  # requests that the client could not send in time
    latest_ms: float = 0.0  # how late the client sent one at most
    broken: int = 0  # no answer at all

    def add(self, told: dict[str, Any]) -> None:
        """Put what `steady.lua` printed of a phase to it."""
        self.seconds += told["seconds"]
        self.statuses.update(told["statuses"])
        for us, count in told["histogram"]:
            self.latencies_us += [us] * count
        self.skipped += told["skipped"]
        self.latest_ms = max(self.latest_ms, told["latest_ms"])
        self.broken += told["broken"]

    @property
    def asked(self) -> int:
        """Requests that were sent, answered or not."""
        return self.statuses.total() + self.broken

    @property
    def share_answered(self) -> float:
        """Of those that were sent, 0 to 1."""
        return self.statuses["200"] / max(self.asked, 1)

    def ms(self, percentile: float) -> float:
        """A percentile of the latencies, in milliseconds."""
        return float(np.percentile(self.latencies_us, percentile)) / 1000

    def figures(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "per_second": round(self.asked / self.seconds, 1),
            "statuses": dict(self.statuses),
            "answered": round(self.share_answered, 5),
            "broken": self.broken,
            **{f"p{it}_ms": round(self.ms(it), 2) for it in (50, 99)},
            "max_ms": round(self.ms(100), 2),
            "skipped": self.skipped,
            "sent_late_ms": round(self.latest_ms, 1),
        }


@dataclass
class Run:
    """A running oO that is asked by both, and what came of it."""

    port: int
    process: psutil.Process
    alone: Side = field(default_factory=Side)
    beside: Side = field(default_factory=Side)
    hot: Side = field(default_factory=Side)
    ratios: list[float] = field(default_factory=list)  # of the others' p99, round by round
    cpu_s: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def ask(self, per_second: float, path: str, cookies: Path, seconds: int) -> dict[str, Any]:
        """Have wrk ask at a steady pace."""
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"]
        command += ["-s", str(LUA), f"http://127.0.0.1:{self.port}", "--"]
        command += [str(per_second), path, str(cookies)]
        limit = seconds + 60
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True)
        line = next(it for it in done.stdout.splitlines() if it.startswith("RESULT "))
        told: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
        return told

    def turns(self, others: tuple[float, Path], hot: tuple[float, str, Path], seconds: int) -> None:
        """One phase without and one with the hot session."""
        rate, cookies = others
        began = cpu_seconds(self.process)
        alone = self.ask(rate, "/recommend", cookies, seconds)
        between = cpu_seconds(self.process)
        with ThreadPoolExecutor() as pool:
            running_hot = pool.submit(self.ask, *hot, seconds)
            beside = self.ask(rate, "/recommend", cookies, seconds)
            self.hot.add(running_hot.result())
        self.cpu_s[0] += between - began
        self.cpu_s[1] += cpu_seconds(self.process) - between
        self.alone.add(alone)
        self.beside.add(beside)
        self.ratios.append(_p99(beside) / _p99(alone))


def _p99(told: dict[str, Any]) -> float:
    side = Side()
    side.add(told)
    return side.ms(99)


def main(
    seconds: Annotated[int, typer.Option(help="Seconds of each phase.")] = 12,
    rounds: Annotated[int, typer.Option(help="How often both phases take turns.")] = 4,
    others: Annotated[float, typer.Option(help="Requests/s of the others together.")] = 100.0,
    people: Annotated[int, typer.Option(help="How many others there are.")] = 64,
    hot: Annotated[float, typer.Option(help="Requests/s of the one session.")] = 500.0,
    path: Annotated[str, typer.Option(help="What the one session POSTs to.")] = "/recommend",
    system: Annotated[str, typer.Option(help="oo, oo-2x2, oo-pg, …")] = "oo",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write JSON here.")] = None,
) -> None:
    """Start oO, measure, and say whether the bounds hold (exit status 1 if they do not)."""
    if shutil.which("wrk") is None:
        out.print("wrk is missing: `apt-get install wrk`.")
        raise typer.Exit(2)
    if not OO.fullmatch(system):
        raise typer.BadParameter("it must be one of oO's")
    check(system)
    with tempfile.TemporaryDirectory(prefix="oo-hot-") as folder, store(system, Path(folder)) as at:
        data = Path(folder)
        seeded = asyncio.run(seed(data / "oo.db", people + 1, 0, address=at))
        one, rest = data / "one", data / "rest"
        _write(one, seeded.cookies[:1])
        _write(rest, seeded.cookies[1:])
        with running(system, data, address=at, limited=True) as (port, process):
            run = Run(port, process)
            run.ask(others, "/recommend", rest, WARM_UP_S)
            for _ in range(rounds):
                run.turns((others, rest), (hot, path, one), seconds)
    ratio = run.beside.ms(99) / run.alone.ms(99)
    _print(run, ratio)
    holds = run.beside.share_answered >= ANSWERED and ratio <= SLOWER
    out.print(f"the bounds {'hold' if holds else 'do NOT hold'}")
    if json_file:
        report = {
            "machine": platform.platform(),
            "system": system,
            "path": path,
            "phases": {"seconds": seconds, "rounds": rounds},
            "others_without": run.alone.figures(),
            "others_with": run.beside.figures(),
            "hot": run.hot.figures(),
            "p99_ratio": round(ratio, 3),
            "p99_ratio_by_round": [round(it, 3) for it in run.ratios],
            "cpu_s_without_and_with": [round(it, 1) for it in run.cpu_s],
            "holds": holds,
        }
        json_file.write_text(json.dumps(report, indent=2) + "\n")
    raise typer.Exit(0 if holds else 1)


def _write(path: Path, cookies: Sequence[str]) -> None:
    path.write_text("\n".join(cookies) + "\n")


def _print(run: Run, ratio: float) -> None:
    table = Table(title="one session that does not stop asking, and the others")
    heads = ("who", "req/s", "answers", "200", "p50 ms", "p99 ms", "longest ms", "sent late ms")
    for head in heads:
        table.add_column(head, justify="right")
    sides = (("others alone", run.alone), ("others beside it", run.beside), ("the one", run.hot))
    for name, side in sides:
        said = ", ".join(f"{count} × {status}" for status, count in sorted(side.statuses.items()))
        table.add_row(
            name,
            f"{side.asked / side.seconds:.0f}",
            said + (f", {side.broken} × nothing" if side.broken else ""),
            f"{side.share_answered:.2%}",
            *(f"{side.ms(it):.1f}" for it in (50, 99, 100)),
            f"{side.latest_ms:.0f}",
        )
    Console(width=130, highlight=False).print(table)
    each = ", ".join(f"{it:.2f}" for it in run.ratios)
    out.print(f"the others' p99 beside it / alone: {ratio:.2f} (by round: {each})")
    share = [it / max(run.alone.seconds, 1e-9) for it in run.cpu_s]
    out.print(f"processors used: {share[0]:.2f} alone, {share[1]:.2f} beside it")


if __name__ == "__main__":
    typer.run(main)
