"""`/recommend` while ten admins click through the console, beside itself without them.

    python -m tests.bench.console.beside                           # 200,000 decisions, SQLite
    python -m tests.bench.console.beside --tips 1000000 --folder /tmp/filled --system oo-pg

Phases with and without admins take turns in one run of oO. Each admin asks for a page, reads it
for a moment and clicks on; tips are asked for at a steady pace that leaves processors idle, unless
it is 0: then as fast as they come.
"""

import argparse
import asyncio
import http.client
import random
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from oo.domain.roles import Role
from oo.kit.clock import SystemClock
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.vault.service import Vault
from tests.bench.console.stores import prepared, store
from tests.bench.load import lines_of, wrk
from tests.bench.seed import add_person, add_session, seed
from tests.bench.systems import running

ADMINS = 10
PEOPLE = 64
CONNECTIONS = 16
WHERE = ("overview", "decisions", "rewards", "tips", "people", "models", "quality")
HOW = ("", "range=30d", "range=24h", "policy=ebts", "kind=advice", "prompt=instruct-v3")
TAKES = {"decisions": HOW, "rewards": HOW, "tips": HOW[:3], "overview": HOW[:3]}


class Click(NamedTuple):
    """A page that an admin asked for, how it was answered, and after how many milliseconds."""

    address: str
    status: int
    ms: float


class Admins:
    """Ten of them, each in a thread, from `begin` to `end`."""

    def __init__(self, port: int, cookies: list[str], rest_s: float) -> None:
        self.clicks: list[Click] = []
        self._port = port
        self._rest_s = rest_s
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._click, args=(cookie, random.Random(number)))
            for number, cookie in enumerate(cookies)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> list[Click]:
        """What they have seen."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.clicks

    def _click(self, cookie: str, draw: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._over.wait(draw.uniform(0, 2 * self._rest_s)):
            where = draw.choice(WHERE)
            address = f"/admin/{where}?{draw.choice(TAKES.get(where, ('',)))}"
            begun = time.perf_counter()
            connection.request("GET", address, headers={"cookie": f"sid={cookie}"})
            answer = connection.getresponse()
            answer.read()
            took = 1000 * (time.perf_counter() - begun)
            self.clicks.append(Click(address, answer.status, took))
        connection.close()


def main() -> None:
    """Fill, start, take turns, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tips", type=int, default=200_000)
    asked.add_argument("--people", type=int, default=100_000)
    asked.add_argument("--system", default="oo", help="oo or oo-pg")
    asked.add_argument("--folder", type=Path, help="Where filled stores stay, and are found.")
    asked.add_argument("--rounds", type=int, default=4)
    asked.add_argument("--seconds", type=int, default=8, help="of each phase")
    asked.add_argument("--pace", type=int, default=40, help="ms between tips, each connection")
    asked.add_argument("--rest", type=float, default=2.0, help="s between clicks of an admin")
    given = asked.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: `apt-get install wrk`")
    kind = "postgresql" if given.system.startswith("oo-pg") else "sqlite"
    with TemporaryDirectory(prefix="oo-beside-") as name:
        filled = (given.folder or Path(name)) / f"{kind}-{given.tips}"
        data = Path(name) / "data"
        data.mkdir()
        with store(kind, filled) as url:
            asyncio.run(prepared(url, filled, given.people, given.tips))
            if kind == "sqlite":  # another run is to find the filled one as it was
                shutil.copyfile(filled / "bench.db", data / "oo.db")
                url = f"sqlite+aiosqlite:///{data / 'oo.db'}"
            seeded = asyncio.run(seed(data / "oo.db", PEOPLE, 0, address=url))
            cookies = asyncio.run(admins(url, data))
            with running(given.system, data, address=url) as (port, _):
                take_turns(port, lines_of(data / "lines", "recommend", seeded), cookies, given)


async def admins(url: str, data: Path) -> list[str]:
    """Ten admins who have just signed in; their cookies."""
    clock = SystemClock()
    db = Database(url, Vault.of(Settings(data_dir=data), clock))
    cookies = []
    async with db.write() as connection:
        for number in range(ADMINS):
            user_id = await add_person(connection, clock, f"admin-{number}", Role.ADMIN)
            cookies.append(await add_session(connection, clock, user_id))
    await db.close()
    return cookies


def take_turns(port: int, lines: Path, cookies: list[str], given: argparse.Namespace) -> None:
    """Measure, and print a table."""
    wrk(port, "recommend", lines, 0, CONNECTIONS, 3, given.pace)
    warm = Admins(port, cookies, 0.2)
    time.sleep(4)
    warm.end()
    alone, beside, clicks = [], [], list[Click]()
    for _ in range(given.rounds):
        alone.append(wrk(port, "recommend", lines, 0, CONNECTIONS, given.seconds, given.pace))
        clicking = Admins(port, cookies, given.rest)
        beside.append(wrk(port, "recommend", lines, 0, CONNECTIONS, given.seconds, given.pace))
        clicks += clicking.end()
    tell("| | tips/s | p50 ms | p99 ms | of each round |\n|---|---|---|---|---|")
    for name, rows in (("alone", alone), ("beside ten admins", beside)):
        rate = statistics.median(it["requests"] / it["seconds"] for it in rows)
        p50, p99 = (statistics.median(it[key] for it in rows) for key in ("p50_ms", "p99_ms"))
        each = ", ".join(f"{it['p99_ms']:.1f}" for it in rows)
        tell(f"| {name} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {each} |")
    ratio = statistics.median(it["p99_ms"] for it in beside) / statistics.median(
        it["p99_ms"] for it in alone
    )
    refused = [it for it in clicks if it.status != 200]
    took = sorted(it.ms for it in clicks)
    tell(
        f"\np99 beside admins is {ratio:.2f} times that alone. {len(clicks)} pages in"
        f" {given.rounds * given.seconds} s: p50 {statistics.median(took):.0f} ms, p95"
        f" {took[int(0.95 * (len(took) - 1))]:.0f} ms, {len(refused)} not 200 {refused[:3]}"
    )
    for address in sorted({it.address for it in clicks}):
        these = [it.ms for it in clicks if it.address == address]
        tell(f"  {address}: {len(these)} times, {statistics.median(these):.0f} ms")


def tell(line: str) -> None:
    """Print it."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
