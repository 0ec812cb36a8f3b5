"""The disk fills up, does not sync, or takes no writes: SQLite's file and PostgreSQL's."""

import asyncio
import errno
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from oo.kit.errors import ConfigurationError
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store.failures import usable_store
from tests.faults.inside import Town, Tries, acked, insist, opened, town
from tests.faults.judging import Book, judged
from tests.faults.reactor import Reactor, reactor
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.long.test_full_disk import fill
from tests.peers.postgres import BIN, PostgresPeer
from tests.peers.tables import SQLITE

STRACE = shutil.which("strace")
PEOPLE = 5
AGAIN_S = 0.01
TRIES = 2_000
SYNCS = "fsync,fdatasync"
# a transaction makes some twenty writes: more seldom, or none would ever end
INJECTED = {
    "fsync fails (EIO)": (f"inject={SYNCS}:error=EIO:when=30+9", "every 9th"),
    "write fails (ENOSPC)": ("inject=pwrite64:error=ENOSPC:when=60+97", "every 97th"),
    "file system turns read-only (EROFS)": (
        "inject=pwrite64:error=EROFS:when=60..260",
        "200 in a row",
    ),
}


def run(run: Run) -> Iterator[Row]:
    if STRACE is None:
        run.say("left out, of system calls that fail: it needs Debian's strace")
    else:
        for fault, (inject, often) in INJECTED.items():
            yield asyncio.run(_failing_calls(run, fault, inject, often))
        if BIN is not None:
            yield asyncio.run(_postgres_does_not_sync(run))
    with small_disk("24m") as disk:
        if disk is None:
            run.say("left out, of a disk that is full or read-only: mounting is not permitted")
            return
        yield asyncio.run(_full(run, disk))
        yield asyncio.run(_read_only(run, disk))


def straced(inject: str) -> list[str]:
    """The command in front of one whose system calls fail."""
    assert STRACE is not None
    calls = inject.removeprefix("inject=").partition(":")[0]
    return [STRACE, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", inject]


async def _failing_calls(run: Run, fault: str, inject: str, often: str) -> Row:
    chance, book, tries = run.random(fault), Book(), Tries()
    strange = set[str]()
    async with town(f"{SQLITE}{run.folder / 'disk.db'}", PEOPLE) as place:
        requests = await place.tips(run.count(400, 100), chance)
        with reactor(place.address, straced(inject)) as border:
            for request in requests:
                strange |= _insist(border, request, book, tries)
        found = await judged(place.db, book)
    broken = [f"not told as a store that is away: {it}" for it in strange]
    if not tries.failed:
        broken.append("nothing failed")
    return Row(
        fault,
        "SQLite",
        *found,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=tries.slowest_s,
        note=f"{often}, by strace",
        broken=tuple(broken),
    )


def _insist(border: Reactor, request: ReactionRequest, book: Book, tries: Tries) -> set[str]:
    """Ask until there is an answer; errors that do not say that the store is away."""
    strange, failed_at = set[str](), 0.0
    for _ in range(TRIES):
        tries.asked += 1
        said = border.react(request)
        if said.ack:
            book.note(request.idempotency_key, said.ack)
            if failed_at:
                tries.slowest_s = max(tries.slowest_s, time.monotonic() - failed_at)
            return strange
        tries.failed += 1
        failed_at = failed_at or time.monotonic()
        if not said.is_away:
            strange.add(said.error)
        time.sleep(AGAIN_S)
    raise TimeoutError(said.error)


async def _postgres_does_not_sync(run: Run) -> Row:
    """PostgreSQL ends at once when its log cannot be synced, and recovers from the log."""
    chance, book, tries = run.random("postgres fsync"), Book(), Tries()
    around = straced("inject=fdatasync:error=EIO:when=80+80")
    with PostgresPeer.running() as peer:
        async with town(peer.url, PEOPLE) as place:
            await asyncio.to_thread(_restart, peer, around)
            border = Reactions(place.db, place.clock)
            for _ in range(run.count(200, 100)):
                (request,) = await _tips(place, chance)
                await insist(border, request, book, tries)
            found = await judged(place.db, book)
        panics = (peer.folder / "log").read_text().count("PANIC")
    return Row(
        "fsync fails (EIO)",
        "PostgreSQL",
        *found,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=tries.slowest_s,
        note=f"by strace; it ended and recovered {panics} ×",
        broken=() if panics else ("nothing failed",),
    )


def _restart(peer: PostgresPeer, around: list[str]) -> None:
    """From now on what it calls fails; before, there were tables to make."""
    peer.stop()
    peer.around = around
    peer.start()


async def _tips(place: Town, chance: Random) -> list[ReactionRequest]:
    """One tip, once the store takes it."""
    for _ in range(200):
        try:
            return await place.tips(1, chance)
        except Exception:
            await asyncio.sleep(0.05)
    raise TimeoutError("no tip could be written")


@contextmanager
def small_disk(size: str) -> Iterator[Path | None]:
    """A disk of its own; None where mounting is not permitted."""
    with tempfile.TemporaryDirectory(prefix="oo") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", name]
        if subprocess.run(mount, capture_output=True).returncode != 0:
            yield None
            return
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


def _remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


async def _full(run: Run, disk: Path) -> Row:
    """Full for a while, more than once."""
    chance, book, tries = run.random("full disk"), Book(), Tries()
    healed = 0.0
    async with town(f"{SQLITE}{disk / 'oo.db'}", PEOPLE) as place:
        border = Reactions(place.db, place.clock)
        for _ in range(run.count(10, 3)):
            requests = await place.tips(100, chance)
            fill(disk / "filling")
            waiting = [asyncio.create_task(insist(border, it, book, tries)) for it in requests]
            await asyncio.sleep(0.3)
            (disk / "filling").unlink()
            began = time.monotonic()
            await asyncio.gather(*waiting)
            healed = max(healed, time.monotonic() - began)
        found = await judged(place.db, book)
    return Row(
        "disk full",
        "SQLite",
        *found,
        failed=tries.failed,
        asked=tries.asked,
        recovery_s=healed,
        note="a small disk that is filled; recovery from when there is room",
        broken=() if tries.failed else ("nothing failed",),
    )


async def _read_only(run: Run, disk: Path) -> Row:
    """The data folder is read-only when oO starts: it says so, and what is there stays."""
    chance, book, broken = run.random("read-only"), Book(), []
    address = f"{SQLITE}{disk / 'read-only.db'}"
    async with town(address, PEOPLE) as place:
        border = Reactions(place.db, place.clock)
        for request in await place.tips(50, chance):
            book.note(request.idempotency_key, acked(await border.accept(request)))
    _remount(disk, "ro")
    said = ""
    try:
        with usable_store("The store"):
            db = opened(address)
            try:
                await db.probe()
            finally:
                await db.close()
    except ConfigurationError as error:
        said = str(error)
    except OSError as error:
        broken.append(f"{errno.errorcode.get(error.errno or 0)} as it is")
    _remount(disk, "rw")
    if "cannot be written" not in said:
        broken.append(f"it says: {said or 'nothing'}")
    db = opened(address)
    found = await judged(db, book)
    await db.close()
    return Row(
        "data folder is read-only at the start",
        "SQLite",
        *found,
        note=f"it says: “{said}”",
        broken=tuple(broken),
    )


SCENARIO = Scenario("disk", __doc__, Needs.STORE, run)
