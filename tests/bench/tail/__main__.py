"""`python -m tests.bench.tail`: the live tail under 500 events a second for a minute.

Three processes: the pages with the console, who writes facts and runs the relay, and this one,
which watches by the stream and in Chromium, and asks for tips meanwhile. Ends with 1 where a viewer
lost an event.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import numpy as np
import uvicorn
from rich.console import Console

from oo.domain.roles import Role
from oo.identity.sessions import start_session
from oo.kit.clock import SystemClock
from oo.store import event_log, users
from oo.store.database import Database
from tests.bench.tail.viewing import Program, watcher
from tests.e2e.browser import CHROMIUM
from tests.peers.serving import free_port
from tests.peers.store import add_person, fresh_store
from tests.peers.tables import SQLITE

SAME = {"sec-fetch-site": "same-origin", "accept": "application/json"}
LIST = "\n".join(f"- [ ] Prepare chapter {number} of the report" for number in range(12))
ASKED_EVERY_S = 0.05
SETTLES_S = 3.0
out = Console(highlight=False)


class Times(NamedTuple):
    """Milliseconds of a request, and how many were asked and failed."""

    p50: float
    p99: float
    asked: int
    failed: int

    def __str__(self) -> str:
        return f"p50 {self.p50:5.1f} ms, p99 {self.p99:6.1f} ms of {self.asked}"


def main() -> None:
    """Measure, or serve where the measurement has started this."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tail", description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="events a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--quiet", type=float, default=15.0, help="seconds without any, before")
    parser.add_argument("--serve", nargs=2, metavar=("FOLDER", "PORT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(Path(given.serve[0]), int(given.serve[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        is_whole = measured(Path(name), given.rate, given.seconds, given.quiet)
    sys.exit(0 if is_whole else 1)


def serve(folder: Path, port: int) -> None:
    """The pages on that port."""
    from tests.unit.web.served import Served

    ample = dict.fromkeys(("pages_per_minute", "heavy_per_minute"), 1_000_000)
    app = Served(folder, others={"todoist": {}}, tips_per_second=10_000, **ample)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def measured(folder: Path, rate: int, seconds: float, quiet: float) -> bool:
    """All of it; whether no viewer lost anything."""
    cookies = asyncio.run(prepared(folder))
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.tail", "--serve", str(folder), str(port)]
    server = subprocess.Popen(command)
    address = f"http://127.0.0.1:{port}"
    try:
        return asyncio.run(measure(folder, address, cookies, server.pid, rate, seconds, quiet))
    finally:
        server.terminate()
        server.wait(20)


async def measure(
    folder: Path,
    address: str,
    cookies: dict[Role, str],
    server: int,
    rate: int,
    seconds: float,
    quiet: float,
) -> bool:
    """With the pages at that address."""
    async with httpx2.AsyncClient(base_url=address, headers=SAME, timeout=30) as client:
        await is_up(client)
        return await watched(folder, client, cookies, server, rate, seconds, quiet)


async def prepared(folder: Path) -> dict[Role, str]:
    """Cookies of an admin and of a person."""
    async with fresh_store(folder) as db:
        clock, cookies = SystemClock(), {}
        for role in (Role.ADMIN, Role.PERSON):
            user_id = await add_person(db, clock, role)
            async with db.write() as connection:
                await users.set_role(connection, user_id, role)
                cookies[role] = await start_session(connection, user_id, clock, 1)
    return cookies


async def is_up(client: httpx2.AsyncClient) -> None:
    """Wait until it answers."""
    for _ in range(300):
        with contextlib.suppress(httpx2.TransportError):
            if (await client.get("/health/live")).status_code == 200:
                return
        await asyncio.sleep(0.1)
    raise RuntimeError("the pages did not come up")


async def watched(
    folder: Path,
    client: httpx2.AsyncClient,
    cookies: dict[Role, str],
    server: int,
    rate: int,
    seconds: float,
    quiet: float,
) -> bool:
    """Ask for tips with and without events, watch the tail, and print what came of it."""
    person = {"cookie": f"sid={cookies[Role.PERSON]}"}
    await client.post(
        "/api/sources/file/import", content=LIST, headers={**person, "content-type": "text/csv"}
    )
    await ask(client, person, 2.0)
    before = await ask(client, person, quiet)
    # the bench's own process writes beside it in both, or the machine would be compared with itself
    alone = await with_events(folder, client, person, rate, quiet)
    admin = httpx2.AsyncClient(
        base_url=client.base_url, headers={**SAME, "cookie": f"sid={cookies[Role.ADMIN]}"}
    )
    begin = await newest(folder)
    program = Program(admin, begin)
    following = asyncio.create_task(program.follow())
    async with contextlib.AsyncExitStack() as stack:
        page = None
        if CHROMIUM.exists():
            page = await stack.enter_async_context(
                watcher(str(client.base_url).rstrip("/"), cookies[Role.ADMIN])
            )
            await asyncio.sleep(1)
        first = rss(server), await page.memory() if page else None
        during, last, took = await with_events(folder, client, person, rate, seconds)
        await asyncio.sleep(SETTLES_S)
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        end = rss(server), await page.memory() if page else None
        seen = (await page.begun_at(), await page.count(), await page.rows()) if page else None
    await admin.aclose()
    return told(before, alone[0], during, program, begin, last, took, first, end, seen)


async def with_events(
    folder: Path, client: httpx2.AsyncClient, person: dict[str, str], rate: int, seconds: float
) -> tuple[Times, int, float]:
    """Times of tips while events are written; the last one's number, and how long it took."""
    command = [sys.executable, "-m", "tests.bench.tail.telling", str(folder), str(rate)]
    writer = await asyncio.create_subprocess_exec(
        *command, str(seconds), stdout=asyncio.subprocess.PIPE
    )
    done = asyncio.create_task(writer.communicate())
    times = await ask(client, person, seconds, until=done)
    said, _ = await done
    last, took = said.split()
    return times, int(last), float(took)


async def ask(
    client: httpx2.AsyncClient,
    person: dict[str, str],
    seconds: float,
    until: "asyncio.Task[Any] | None" = None,
) -> Times:
    """Times of requests for a tip, one after the other, with a pause between them."""
    found, failed, end = list[float](), 0, time.monotonic() + seconds
    while not until.done() if until else time.monotonic() < end:
        begun = time.perf_counter()
        answer = await client.post("/recommend", content="{}", headers=person)
        found.append(1000 * (time.perf_counter() - begun))
        failed += answer.status_code != 200
        await asyncio.sleep(ASKED_EVERY_S)
    return Times(*map(float, np.percentile(found, [50, 99])), len(found), failed)


async def newest(folder: Path) -> int:
    """The number of the newest event."""
    db = Database(f"{SQLITE}{folder / 'test.db'}")
    async with db.read() as connection:
        found = await event_log.newest(connection)
    await db.close()
    return found


def rss(pid: int) -> float:
    """MB that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def told(
    before: Times,
    alone: Times,
    during: Times,
    program: Program,
    begin: int,
    last: int,
    took: float,
    first: Any,
    end: Any,
    seen: Any,
) -> bool:
    """Print it; whether both viewers had every event once and in order."""
    expected = list(range(begin + 1, last + 1))
    lost = sorted(set(expected) - set(program.seen))
    is_whole = program.seen == expected
    p50, p99, most = np.percentile(program.delays_s, [50, 99, 100])
    out.print(f"{len(expected):,} events in {took:.1f} s: {len(expected) / took:.0f} a second")
    out.print(
        f"stream:   {len(program.seen):,} seen, {len(lost)} lost, in order: {is_whole};"
        f" {p50:.2f} s after they happened (p99 {p99:.2f}, at most {most:.2f})"
    )
    if seen:
        began, count, rows = seen
        has_all = count == last - began and rows == list(range(last, last - len(rows), -1))
        is_whole = is_whole and has_all
        (heap, nodes), (heap_end, nodes_end) = first[1], end[1]
        out.print(
            f"Chromium: {count:,} of {last - began:,} seen, {len(rows)} in its table, no gap:"
            f" {has_all}; heap {heap:.1f} to {heap_end:.1f} MB, {nodes:,} to {nodes_end:,} nodes"
        )
    out.print(f"server:   {first[0]:.0f} to {end[0]:.0f} MB")
    out.print(f"/recommend alone:                {before}")
    out.print(f"/recommend with events:          {alone}")
    out.print(f"/recommend with events, watched: {during}, {during.failed} failed")
    return is_whole and not during.failed


if __name__ == "__main__":
    main()
