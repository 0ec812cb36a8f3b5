"""What a tip costs by how many people the store holds.

    python -m tests.bench.sizes --people 1000,10000,100000,1000000

Each size is a store, and a product of its own. Two and a half thousand people are real; the others
are copies of them under other ids, with a key, tasks, a pool and an old decision each, spread over
the indices: nobody asks for theirs, and their words cannot be opened. The same thousand people ask
at every size (warm), after fifteen hundred who have not been there since the start (cold).
"""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.bench.job_times import job_seconds
from tests.bench.load import lines_of, picked_at_random, wrk
from tests.bench.seed import Seeded, seed
from tests.bench.systems import cpu_seconds, running

WARM, COLD = 1_000, 1_500
REAL = WARM + COLD
TASKS = 3  # of a copy; a real one has thirty
OLD = timedelta(days=20)  # told and settled long ago, not yet purged
FIRST = 0x80000000  # copies come after real people: the start tries the first one's key
AT_ONCE = 10  # copies of everybody in one transaction
PARTS = ("Ingress", "BanditShard")
IDLE_S = 5

out = Console(highlight=False)


def main(
    people: Annotated[str, typer.Option(help="Numbers of people.")] = "1000,10000,100000",
    connections: Annotated[int, typer.Option(help="Requests at once.")] = 16,
    seconds: Annotated[int, typer.Option(help="Seconds with warm people.")] = 10,
    folder: Annotated[Path | None, typer.Option(help="Where stores are made.")] = None,
) -> None:
    """Print speed, memory and disk at each size."""
    if shutil.which("wrk") is None:
        out.print("wrk is missing: `apt-get install wrk`.")
        raise typer.Exit(2)
    sizes = [int(it) for it in people.split(",")]
    rows = []
    with tempfile.TemporaryDirectory(prefix="oo-bench-", dir=folder) as name:
        first = Path(name) / "first"
        first.mkdir()
        seeded = asyncio.run(seed(first / "oo.db", REAL, REAL))
        with Progress(console=out) as progress:
            for size in sizes:
                data = Path(name) / str(size)
                shutil.copytree(first, data)
                copies = max(0, size // REAL - 1)
                filling = progress.add_task(f"{size:,} people", total=copies or None)
                copy_people(data / "oo.db", copies, lambda n, it=filling: progress.advance(it, n))
                rows.append(_measured(data, (copies + 1) * REAL, seeded, connections, seconds))
                shutil.rmtree(data)
    _print(rows, connections)


def copy_people(path: Path, copies: int, advance: Any) -> None:
    """Store everybody so many times more, under ids of their own."""
    old = (datetime.now(UTC) - OLD).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(path) as store:
        store.execute("PRAGMA synchronous=OFF")
        # only the real ones are copied, whatever has been copied before
        store.execute("CREATE TEMP TABLE real AS SELECT id FROM users")
        store.execute("UPDATE tip_scores SET created_at = ?", (old,))
        for begin in range(1, copies + 1, AT_ONCE):
            end = min(begin + AT_ONCE, copies + 1)
            for number in range(begin, end):
                for table, which in (
                    ("users", ""),
                    ("data_keys", ""),
                    ("tasks", f"AND external_id < '{TASKS}' AND length(external_id) = 1"),
                    ("candidates", ""),
                    ("tip_scores", ""),
                ):
                    values = {"number": f"{FIRST + number:08x}"}
                    store.execute(_copying(store, table, which), values)
            store.commit()
            advance(end - begin)
        store.execute("DROP TABLE real")
        store.execute("ANALYZE")


def _copying(store: sqlite3.Connection, table: str, which: str) -> str:
    columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    owner = "id" if table == "users" else "user_id"
    changed = {"user_id"} | ({"id"} if table != "tasks" else set())
    values = [f":number || substr({it}, 9)" if it in changed else it for it in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table}"
        f" WHERE {owner} IN (SELECT id FROM temp.real) {which}"
    )


def _measured(
    data: Path, people: int, seeded: Seeded, connections: int, seconds: int
) -> dict[str, Any]:
    warm = Seeded(seeded.cookies[:WARM], [])
    cold = Seeded(seeded.cookies[WARM:], [])
    row: dict[str, Any] = {"people": people, "disk": _disk(data)}
    with running("oo", data) as (port, root):
        row["idle"] = _idle(root)
        row["cold"] = wrk(
            port, "recommend", lines_of(data / "c", "recommend", cold), 0, connections, 1
        )
        lines = lines_of(data / "w", "recommend", warm)
        wrk(port, "recommend", lines, 0, connections, 5)
        before, size, random = _decisions(data), _disk(data), picked_at_random(data)
        row["warm"] = wrk(port, "recommend", lines, 0, connections, seconds)
        row["one"] = wrk(port, "recommend", lines, 0, 1, seconds // 2)
        row["random"] = picked_at_random(data) - random
        row["memory"] = _memory(root)
        made = _decisions(data) - before
        row["per_thousand"] = (_disk(data) - size) / made * 1000
    row["jobs"] = job_seconds(data)
    return row


def _idle(root: psutil.Process) -> float:
    before, since = cpu_seconds(root), time.monotonic()
    time.sleep(IDLE_S)
    return (cpu_seconds(root) - before) / (time.monotonic() - since)


def _disk(data: Path) -> int:
    """Bytes of the store's pages, those that wait in its log included."""
    with sqlite3.connect(f"file:{data / 'oo.db'}?mode=ro", uri=True) as store:
        pages = int(store.execute("PRAGMA page_count").fetchone()[0])
        return pages * int(store.execute("PRAGMA page_size").fetchone()[0])


def _decisions(data: Path) -> int:
    with sqlite3.connect(f"file:{data / 'oo.db'}?mode=ro", uri=True) as store:
        return int(store.execute("SELECT count(*) FROM tip_scores").fetchone()[0])


def _memory(root: psutil.Process) -> dict[str, int]:
    """Bytes that each part holds for itself."""
    found = {}
    for process in root.children(recursive=True):
        words = " ".join(process.cmdline())
        for part in PARTS:
            if f"ServeReplica:oo:{part}" in words:
                found[part] = process.memory_full_info().uss
    return found


def _print(rows: list[dict[str, Any]], connections: int) -> None:
    table = Table(title=f"A tip by how many people there are; {connections} connections")
    heads = ("people", "store GB", "warm p50 ms", "× first", "p99 ms", "req/s", "one conn. p50 ms")
    heads += ("cold p50 ms", "p99 ms", "ingress MiB", "shard MiB", "kB / 1,000 decisions")
    for head in (*heads, "idle cores", "by chance", "not 2xx"):
        table.add_column(head, justify="right")
    for row in rows:
        warm, cold = row["warm"], row["cold"]
        table.add_row(
            f"{row['people']:,}",
            f"{row['disk'] / 1e9:.2f}",
            f"{warm['p50_ms']:.1f}",
            f"{warm['p50_ms'] / rows[0]['warm']['p50_ms']:.2f}",
            f"{warm['p99_ms']:.1f}",
            f"{warm['requests'] / warm['seconds']:.0f}",
            f"{row['one']['p50_ms']:.1f}",
            f"{cold['p50_ms']:.1f}",
            f"{cold['p99_ms']:.1f}",
            *(f"{row['memory'].get(part, 0) / 2**20:.0f}" for part in PARTS),
            f"{row['per_thousand'] / 1e3:.0f}",
            f"{row['idle']:.2f}",
            f"{row['random']}",
            f"{warm['not_2xx'] + cold['not_2xx'] + row['one']['not_2xx']}",
        )
    Console(width=160, highlight=False).print(table)
    jobs = Table(title="One run of each job that looks at everybody, seconds")
    names = sorted({name for row in rows for name in row["jobs"]})
    for head in ("people", *names):
        jobs.add_column(head, justify="right")
    for row in rows:
        times = (f"{row['jobs'][name]:.2f}" for name in names)
        jobs.add_row(f"{row['people']:,}", *times)
    Console(width=160, highlight=False).print(jobs)


if __name__ == "__main__":
    typer.run(main)
