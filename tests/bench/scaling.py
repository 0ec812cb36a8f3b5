"""`python -m tests.bench.scaling`: from one shard and one ingress to two, under load, in one run.

It says for each phase what was answered and how many picks were left to chance: from a cold start,
warm, while `oo deploy` scales, and after.
"""

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tests.bench.load import lines_of, picked_at_random, wrk
from tests.bench.seed import seed
from tests.bench.systems import deploy, running, settle

PEOPLE = 64
FROM, TO = "oo", "oo-2x2"

out = Console(highlight=False)


def main(
    seconds: Annotated[int, typer.Option(help="Seconds per phase.")] = 10,
    connections: Annotated[int, typer.Option(help="Requests at once.")] = 16,
) -> None:
    """Print what a cold start and scaling by a number cost those who ask meanwhile."""
    if shutil.which("wrk") is None:
        out.print("wrk is missing: `apt-get install wrk`.")
        raise typer.Exit(2)
    rows: list[tuple[str, dict[str, Any], int]] = []
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
        data = Path(folder)
        lines = lines_of(
            data / "recommend", "recommend", asyncio.run(seed(data / "oo.db", PEOPLE, 5_000))
        )

        def phase(name: str, port: int, length: int) -> None:
            before = picked_at_random(data)
            result = wrk(port, "recommend", lines, 0, connections, length)
            rows.append((name, result, picked_at_random(data) - before))
            out.print(f"{name}: {result['requests']} answers")

        with running(FROM, data, settled=False) as (port, root), ThreadPoolExecutor() as pool:
            phase("from a cold start", port, seconds)
            settle(root)
            phase("one of each", port, seconds)
            scaling = pool.submit(deploy, TO, data, port)
            phase("while it scales", port, 3 * seconds)
            scaling.result()
            phase("just after", port, seconds)
            settle(root)
            phase("two of each", port, seconds)
    _print(rows)


def _print(rows: list[tuple[str, dict[str, Any], int]]) -> None:
    heads = ("phase", "req/s", "p50 ms", "p99 ms", "not 2xx", "by chance")
    table = Table(*heads, title="/recommend, from one shard and ingress to two of each")
    for name, result, by_chance in rows:
        rate = result["requests"] / result["seconds"]
        table.add_row(
            name,
            f"{rate:.0f}",
            f"{result['p50_ms']:.1f}",
            f"{result['p99_ms']:.1f}",
            str(result["not_2xx"] + result["broken"]),
            str(by_chance),
        )
    out.print(table)


if __name__ == "__main__":
    typer.run(main)
