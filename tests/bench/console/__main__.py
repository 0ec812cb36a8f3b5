"""First byte of the console's heaviest pages by the size of the store, on both stores.

    python -m tests.bench.console                     # 10,000 and 1,000,000 decisions; minutes
    python -m tests.bench.console --tips 10000,100000 --stores sqlite --plans
    python -m tests.bench.console --folder /tmp/filled --fill    # fills, and measures another time

Each look is a request over HTTP to the console's own routes; *counted* forgets before each look
what was counted (the first one to look waits), *kept* finds it (everybody else, whatever its age).
*direct* looks at the same store without its counts by hour. Stores lie in a temporary folder and
are removed, unless a folder is named; 1,000,000 decisions take 3 GB of disk.
"""

import argparse
import asyncio
import http.client
import shutil
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from sqlalchemy import event, select, update

from oo.admin.desk import ConsoleParts
from oo.admin.routes import install
from oo.domain.console import Looker
from oo.domain.roles import Role
from oo.kit.clock import SystemClock
from oo.kit.settings import Settings
from oo.recommend.freshness import PoolFreshness
from oo.store.database import Database
from oo.store.hourly import EVER
from oo.store.hourly_tables import hourly_state
from oo.store.readonly import ReadOnly
from oo.vault.service import Vault
from tests.bench.console.stores import prepared, store
from tests.peers.serving import served
from tests.peers.vault import KEYRING

PAGES = (
    "overview",
    "overview?range=30d",
    "decisions",
    "decisions?range=30d&policy=egreedy-v2&action=dismiss",
    "rewards",
    "rewards?by=hour",
    "rewards?by=policy&kind=advice",
    "rewards?by=action",
)
ENOUGH_DISK = 6 << 30


class Door:
    """Everybody is an admin: what is measured begins behind the door."""

    async def looker(self, request: Request, role: Role, **_: Any) -> Looker:
        return Looker("person:bench", Role.ADMIN, "Bench", ZoneInfo("Europe/Zurich"), "")


class Health:
    """Nothing is watched."""

    def states(self) -> dict[str, Any]:
        return {}


class Seen(NamedTuple):
    """First bytes of one page, in milliseconds, and the processor's time for counting.

    That is of this process, so of SQLite and not of PostgreSQL; nothing beside moves it.
    """

    counted: list[float]
    kept: list[float]
    cpu: list[float]


def main() -> None:
    """Fill, look, print a table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tips", default="10000,1000000")
    asked.add_argument("--people", type=int, default=100_000)
    asked.add_argument("--stores", default="sqlite,postgresql")
    asked.add_argument("--looks", type=int, default=20)
    asked.add_argument("--plans", action="store_true", help="Print how each is carried out.")
    asked.add_argument("--folder", type=Path, help="Where filled stores stay, and are found.")
    asked.add_argument("--fill", action="store_true", help="Fill what is not there, no more.")
    asked.add_argument("--direct", action="store_true", help="Without the counts by hour, once.")
    given = asked.parse_args()
    sizes = sorted(int(one) for one in given.tips.split(","))
    if max(sizes) > 100_000 and shutil.disk_usage(tempfile.gettempdir()).free < ENOUGH_DISK:
        sys.exit("This needs 6 GB of free disk.")
    with TemporaryDirectory(prefix="oo-console-") as temporary:
        for kind in given.stores.split(","):
            found: dict[int, dict[str, Seen]] = {}
            for size in sizes:
                folder = (given.folder or Path(temporary)) / f"{kind}-{size}"
                with store(kind, folder) as url:
                    asyncio.run(prepared(url, folder, given.people, size))
                    if given.fill:
                        continue
                    found[size] = looked(url, folder, given.looks)
                    if given.direct:
                        direct(url, folder, size)
                    if given.plans and size == max(sizes):
                        asyncio.run(plans(url, folder))
                if given.folder is None:
                    shutil.rmtree(folder)
            if found:
                table(kind, found)


def parts_of(url: str, folder: Path) -> ConsoleParts:
    """What these pages work with."""
    clock = SystemClock()
    db = Database(url, Vault(KEYRING, clock))
    nothing = cast(Any, None)
    return ConsoleParts(
        Settings.model_validate({"data_dir": folder}),
        clock,
        db,
        ReadOnly(url),
        cast(Any, Door()),
        *(nothing,) * 5,
        health=cast(Any, Health()),
        freshness=PoolFreshness(db, clock, 30),
        events=nothing,
        replays=nothing,
        promotes=nothing,
        wake=nothing,
    )


def looked(url: str, folder: Path, looks: int) -> dict[str, Seen]:
    """First bytes of every page."""
    parts, app = parts_of(url, folder), FastAPI()
    install(app, parts)
    found = {}
    with served(app) as address:
        for page in PAGES:
            first_byte(address, page)  # templates, connections
            counted, cpu = list[float](), list[float]()
            for _ in range(looks):
                parts.kept.forget()
                begun = time.process_time()
                counted.append(first_byte(address, page))
                cpu.append(1000 * (time.process_time() - begun))
            found[page] = Seen(counted, [first_byte(address, page) for _ in range(looks)], cpu)
    return found


def first_byte(address: str, page: str) -> float:
    """Milliseconds from asking to the first byte of the answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    begun = time.perf_counter()
    connection.request("GET", f"/admin/{page}")
    answer = connection.getresponse()
    answer.read(1)
    took = 1000 * (time.perf_counter() - begun)
    answer.read()
    connection.close()
    if answer.status != 200:
        sys.exit(f"{page}: {answer.status}")
    return took


def direct(url: str, folder: Path, size: int) -> None:
    """Print what each page takes once when nothing is counted by hour."""

    def counted(*until: datetime) -> tuple[datetime, ...]:
        async def put() -> tuple[datetime, ...]:
            db, c = Database(url), hourly_state.c
            async with db.write() as connection:
                known = (await connection.execute(select(c.until, c.people_until))).one()
                moved = dict(zip(("until", "people_until"), until, strict=True))
                await connection.execute(update(hourly_state).values(**moved))
            await db.close()
            return tuple(known)

        return asyncio.run(put())

    known = counted(EVER, EVER)
    try:
        for page, one in looked(url, folder, 1).items():
            tell(f"direct {size:,} `{page}`: {one.counted[0]:.0f} ms")
    finally:
        counted(*known)


async def plans(url: str, folder: Path) -> None:
    """Print what each page asks, and how the store goes about it."""
    parts = parts_of(url, folder)
    said: dict[str, Any] = {}
    engine = parts.store._engine.sync_engine

    @event.listens_for(engine, "before_cursor_execute")
    def keep(_c: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and statement not in said:
            said[statement] = given

    app = FastAPI()
    install(app, parts)
    with served(app) as address:
        for page in PAGES:
            said.clear()
            await asyncio.to_thread(first_byte, address, page)
            tell(f"\n## {page}")
            for statement, given in list(said.items()):
                await explain(url, " ".join(statement.split()), given)


async def explain(url: str, statement: str, given: Any) -> None:
    """Print the plan of one statement."""
    how = "EXPLAIN QUERY PLAN" if url.startswith("sqlite") else "EXPLAIN (ANALYZE, BUFFERS)"
    store = ReadOnly(url)
    async with store.read(60) as connection:
        rows = (await connection.exec_driver_sql(f"{how} {statement}", given)).all()
    await store.close()
    tell(f"\n{statement[:400]}")
    for row in rows:
        tell("    " + str(row[-1]))


def table(kind: str, found: dict[int, dict[str, Seen]]) -> None:
    """Print p50 and p95, and the ratio to the smallest store."""
    sizes = sorted(found)
    tell(f"\n### {kind}\n")
    tell("| Page | Decisions | counted p50 | p95, ms | × | CPU p50, ms | kept p50 | p95, ms |")
    tell("|---|---|---|---|---|---|---|---|")
    for page in PAGES:
        least = p95(found[sizes[0]][page].counted)
        for size in sizes:
            one = found[size][page]
            tell(
                f"| `{page}` | {size:,} | {statistics.median(one.counted):.0f} |"
                f" {p95(one.counted):.0f} | {p95(one.counted) / least:.1f} |"
                f" {statistics.median(one.cpu):.0f} |"
                f" {statistics.median(one.kept):.0f} | {p95(one.kept):.0f} |"
            )
    sys.stdout.flush()


def tell(line: str) -> None:
    """Print it."""
    sys.stdout.write(f"{line}\n")


def p95(values: list[float]) -> float:
    """The value that 95% stay below."""
    return sorted(values)[min(int(0.95 * len(values)), len(values) - 1)]


if __name__ == "__main__":
    main()
