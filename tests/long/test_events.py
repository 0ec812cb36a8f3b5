"""Events at length: the broker away and wiped, and a viewer of many events for a minute.

`OO_TEST_NATS_DOWN_S` says how long NATS is down, 60 otherwise; `OO_TEST_VIEWER_S` for how long
somebody looks.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import psutil
import pytest

from oo.domain.roles import Role
from oo.events.mirror import NAME, Mirror
from oo.events.relay import Relay
from oo.events.replay import Replays
from oo.kit.clock import Clock, SystemClock
from oo.store import users
from oo.store.database import Database
from tests.peers.happenings import decision, react, serve, sync, told
from tests.peers.nats import SERVER, NatsPeer, nats_server
from tests.peers.serving import served
from tests.peers.store import add_person, fresh_store
from tests.unit.web.conftest import Site, open_site

pytestmark = pytest.mark.timeout(3600)
DOWN_S = float(os.environ.get("OO_TEST_NATS_DOWN_S", "60"))
VIEWER_S = float(os.environ.get("OO_TEST_VIEWER_S", "60"))
PER_S = 500  # on a machine that can; the same number on one that cannot
IN_ALL = int(PER_S * VIEWER_S)
DRAINED_WITHIN_S = 60.0
NEAR = 250  # of the newest: while things happen some always wait
MIB = 1024 * 1024


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


async def every_id(peer: NatsPeer) -> Counter[str]:
    found: Counter[str] = Counter()
    for stream in ("signals", "feedback"):
        found.update(headers["Nats-Msg-Id"] for _, headers, _ in await peer.held(stream))
    return found


async def same(db: Database, peer: NatsPeer) -> bool:
    return await every_id(peer) == Counter(event.id for event in await told(db))


async def lag(db: Database, clock: Clock) -> int:
    """How many events wait for the mirror."""
    (found,) = [one.lag for one in await Replays(db, clock).standings() if one.name == NAME]
    return found


@pytest.mark.skipif(SERVER is None, reason="needs Debian's nats-server")
async def test_nats_is_down_for_long_then_wiped_and_nothing_is_missing(
    db: Database, tmp_path: Path
) -> None:
    clock = SystemClock()
    relay, people = Relay(db, clock), [await add_person(db, clock, name) for name in ("ada", "bob")]
    over = asyncio.Event()

    async def live() -> None:
        while not over.is_set():
            made = [decision(clock, user_id) for user_id in people * 5]
            await serve(db, clock, made)
            await react(db, clock, made[0].user_id, made[0].id)
            await sync(db, clock, people[1])
            await asyncio.sleep(0.1)

    async def job(work: object) -> None:
        while not over.is_set():
            await work()  # type: ignore[operator]  # relay or mirror
            await asyncio.sleep(0.5)

    with nats_server(tmp_path / "jetstream") as peer:
        await peer.ready()
        mirror = Mirror(db, clock, peer.url, timedelta(days=1))
        running = [asyncio.create_task(one) for one in (live(), job(relay.relay))]
        publishing = asyncio.create_task(job(mirror.mirror))
        await asyncio.sleep(5)
        peer.kill()
        await asyncio.sleep(DOWN_S)
        peer.start()
        began = time.monotonic()
        await peer.ready()
        waiting = await lag(db, clock)
        assert waiting > DOWN_S
        while await lag(db, clock) > NEAR:
            await asyncio.sleep(0.5)
            assert time.monotonic() - began < DRAINED_WITHIN_S
        drained = time.monotonic() - began
        peer.kill()
        peer.wipe()
        peer.start()
        await peer.ready()
        await asyncio.sleep(20)
        over.set()
        await asyncio.gather(*running, publishing)
        await relay.relay()
        began = time.monotonic()
        while not await same(db, peer):
            await mirror.mirror()
            await asyncio.sleep(0.5)
            assert time.monotonic() - began < DRAINED_WITHIN_S
        await mirror.close()
    total = len(await told(db))
    sys.stdout.write(
        f"\n{total} events; {waiting} waited, drained in {drained:.1f} s; wiped and filled again\n"
    )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path, limits={"pages_per_minute": 100_000}) as found:
        yield found


async def test_a_viewer_of_500_events_a_second_misses_none_in_flat_memory(site: Site) -> None:
    clock, relay = SystemClock(), Relay(site.db, SystemClock())
    ada = await add_person(site.db, clock, "eve")
    browser = await site.signed_in(accept="text/event-stream")
    async with site.db.write() as connection:
        for user_id in await users.sequences(connection):
            await users.set_role(connection, user_id, Role.VIEWER)
    over = asyncio.Event()
    seen: list[int] = []
    memory: list[float] = []
    took: list[float] = []

    async def happen() -> None:
        began, made = time.monotonic(), 0
        while made < IN_ALL:
            due = min(int((time.monotonic() - began) * PER_S), IN_ALL) - made
            if due:
                await serve(site.db, clock, [decision(clock, ada) for _ in range(min(due, 256))])
                made += min(due, 256)
            await asyncio.sleep(0.05)
        took.append(time.monotonic() - began)
        over.set()

    async def tell() -> None:
        while not over.is_set():
            await relay.relay()
            memory.append(psutil.Process().memory_info().rss / MIB)
            await asyncio.sleep(0.5)
        await relay.relay()

    async def watch(url: str) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
            while True:
                last = str(seen[-1] if seen else 0)
                headers = {"accept": "text/event-stream", "last-event-id": last, "cookie": cookie}
                async with client.stream("GET", "/api/admin/events", headers=headers) as answer:
                    assert answer.status_code == 200, await answer.aread()
                    async for line in answer.aiter_lines():
                        if line.startswith("data: "):
                            seen.append(json.loads(line[6:])["seq"])

    with served(site.app) as url:
        watching = asyncio.create_task(watch(url))
        await asyncio.gather(happen(), tell())
        events = await told(site.db)
        for _ in range(100):
            if len(seen) == len(events) or watching.done():
                break
            await asyncio.sleep(0.2)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    assert seen == [event.seq for event in events]
    assert len(events) == IN_ALL
    half = len(memory) // 2
    growth = max(memory[half:]) - max(memory[:half])
    said = f"{len(events)} events in {took[0]:.0f} s, all seen; {growth:+.0f} MiB in its 2nd half"
    sys.stdout.write(f"\n{said}\n")
    assert growth < 20
