"""`python -m tests.bench.neighbours`: what one person's imports cost another who asks for tips.

Phases without and with imports take turns in one run of oO, with the limits that it ships with.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated

import httpx2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from tests.bench.seed import seed
from tests.bench.systems import running

LINES = 5_000  # what a list may have, the one with the names of its columns included
CONNECTIONS = 4
PER_SECOND = 5
TIMEOUT_S = 30.0


@dataclass
class Phase:
    """What the neighbour was answered, and how long each of the imports beside took."""

    statuses: list[int] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    imports_s: list[float] = field(default_factory=list)
    refused: int = 0

    def add(self, other: "Phase") -> None:
        """Put another phase of the same kind to it."""
        self.statuses += other.statuses
        self.latencies_ms += other.latencies_ms
        self.imports_s += other.imports_s
        self.refused += other.refused


async def ask(client: httpx2.AsyncClient, seconds: float, phase: Phase) -> None:
    """Ask for tips at a steady pace, whatever was answered; waiting to be sent counts too."""

    async def one(due: float) -> None:
        await asyncio.sleep(due - time.perf_counter())
        try:
            status = (await client.post("/recommend")).status_code
        except httpx2.HTTPError:
            status = 0
        phase.statuses.append(status)
        phase.latencies_ms.append((time.perf_counter() - due) * 1000)

    begin = time.perf_counter()
    dues = [begin + n / PER_SECOND for n in range(int(seconds * PER_SECOND))]
    await asyncio.gather(*(one(due) for due in dues))


async def import_lists(
    client: httpx2.AsyncClient, numbers: "count[int]", until: float, phase: Phase
) -> None:
    """Hand in one long list after the other; each changes every task of the one before."""
    while time.perf_counter() < until:
        body, begin = await asyncio.to_thread(_list, next(numbers)), time.perf_counter()
        answer = await client.post(
            "/api/sources/file/import?filename=tasks.csv",
            content=body,
            headers={"Content-Type": "text/csv"},
        )
        if answer.status_code == 200:
            phase.imports_s.append(time.perf_counter() - begin)
        else:
            assert answer.status_code == 429, answer.text
            phase.refused += 1
            await asyncio.sleep(min(float(answer.headers.get("retry-after", 1)), 5.0))


def _client(address: str, cookie: str) -> httpx2.AsyncClient:
    # without TLS: reading the certificates of five clients held this process up for .3 s, and the
    # neighbour's requests in it
    return httpx2.AsyncClient(
        base_url=address, cookies={"sid": cookie}, timeout=TIMEOUT_S, verify=False
    )


def _list(number: int) -> bytes:
    rows = (
        f"task,Prepare chapter {n} of the report,{1 + (n + number) % 4}" for n in range(1, LINES)
    )
    return "\n".join(["TYPE,CONTENT,PRIORITY", *rows]).encode()


async def measure(
    address: str, cookies: Sequence[str], seconds: float, rounds: int
) -> tuple[Phase, Phase]:
    """The phases without and with imports, each kind put together."""
    quiet, busy, numbers = Phase(), Phase(), count()
    async with _client(address, cookies[0]) as asking, _client(address, cookies[1]) as importing:
        await ask(asking, 5.0, Phase())
        for _ in range(rounds):
            alone = Phase()
            await ask(asking, seconds, alone)
            quiet.add(alone)
            beside = Phase()
            until = time.perf_counter() + seconds
            lists = (import_lists(importing, numbers, until, beside) for _ in range(CONNECTIONS))
            await asyncio.gather(ask(asking, seconds, beside), *lists)
            busy.add(beside)
    return quiet, busy


def main(
    seconds: Annotated[float, typer.Option(help="Seconds of each phase.")] = 60.0,
    rounds: Annotated[int, typer.Option(help="How often both phases take turns.")] = 2,
) -> None:
    """Start oO with two people and measure."""
    with tempfile.TemporaryDirectory(prefix="oo-neighbours-") as folder:
        seeded = asyncio.run(seed(Path(folder) / "oo.db", 2, 0))
        with running("oo", Path(folder)) as (port, _):
            address = f"http://127.0.0.1:{port}"
            quiet, busy = asyncio.run(measure(address, seeded.cookies, seconds, rounds))
    table = Table(title=f"{PER_SECOND} requests/s for {seconds:.0f} s, {rounds} times each")
    for head in ("imports", "asked", "200", "p50 ms", "p99 ms", "longest ms"):
        table.add_column(head, justify="right")
    for phase in (quiet, busy):
        table.add_row(
            str(len(phase.imports_s)),
            str(len(phase.statuses)),
            f"{phase.statuses.count(200) / len(phase.statuses):.2%}",
            *(f"{np.percentile(phase.latencies_ms, q):.1f}" for q in (50, 99, 100)),
        )
    out = Console(highlight=False)
    out.print(table)
    ratio = np.percentile(busy.latencies_ms, 99) / np.percentile(quiet.latencies_ms, 99)
    out.print(f"p99 with imports / without: {ratio:.2f}")
    out.print(f"an import took {np.mean(busy.imports_s):.1f} s; {busy.refused} were refused (429)")


if __name__ == "__main__":
    typer.run(main)
