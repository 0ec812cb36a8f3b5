"""The load of the benches: wrk on prepared requests, and what oO's own log says of the answers."""

import asyncio
import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console

from tests.bench.seed import Seeded

LUA = Path(__file__).with_name("load.lua")


def lines_of(path: Path, kind: str, seeded: Seeded) -> Path:
    """The file at `path` with one line per request of that kind."""
    texts = seeded.cookies if kind == "recommend" else [f"{c} {tip}" for c, tip in seeded.tips]
    path.write_text("\n".join(texts) + "\n")
    return path


def wrk(
    port: int, kind: str, lines: Path, first: int, connections: int, seconds: int, pause_ms: int = 0
) -> dict[str, Any]:
    """What wrk measured: requests, seconds, percentiles in ms, answers other than 2xx.

    Each connection pauses `pause_ms` on the average before a request.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s"]
    command += [
        str(LUA),
        f"http://127.0.0.1:{port}",
        "--",
        kind,
        str(lines),
        str(first),
        str(pause_ms),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
    if result["broken"] or result["not_2xx"] > result["requests"] * 0.001:
        Console().print(f"[yellow]{kind} at {connections}: {result}[/yellow]")
    return result


def picked_at_random(data: Path, address: str = "") -> int:
    """How many decisions of oO's log no policy made, because ranking failed or was late.

    The log is that of the store at the SQLAlchemy `address` if it is PostgreSQL's, else in `data`.
    """
    query = "SELECT count(*) FROM tip_scores WHERE degraded IS NOT NULL"
    if address.startswith("postgresql"):
        return asyncio.run(_number(address, query))
    with sqlite3.connect(f"file:{data / 'oo.db'}?mode=ro", uri=True) as connection:
        return int(connection.execute(query).fetchone()[0])


async def _number(address: str, query: str) -> int:
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()
