"""NATS is down for long and comes back, and loses all that it stored: the mirror is made whole."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator

from oo.store.database import Database
from tests.faults.house import House
from tests.faults.scenario import Needs, Row, Run, Scenario
from tests.peers.happenings import told

BEFORE_S = 15.0
DRAINED_WITHIN_S = 60.0
SLOWER = 1.25  # "unchanged", on a machine that does other things as well
STREAMS = ("signals", "feedback")


def run(run: Run) -> Iterator[Row]:
    assert run.house is not None
    yield _lose(run.house, run.count(600, 20), wiped=False)
    yield _lose(run.house, run.count(20, 10), wiped=True)


def _lose(house: House, seconds: float, *, wiped: bool) -> Row:
    assert house.servers is not None
    nats, ledger = house.servers.nats, house.ledger()
    with ledger.kept():
        house.well_again(ledger)
        time.sleep(BEFORE_S)
        began = time.monotonic()
        nats.kill()
        if wiped:
            nats.wipe()
        time.sleep(seconds)
        over = time.monotonic()
        nats.start()
        asyncio.run(nats.ready())
    drained, missing = _drained(house, over)
    row = house.row(
        f"NATS {'wiped, ' if wiped else ''}down for {seconds:.0f} s",
        ledger,
        began,
        over=over,
        before_s=BEFORE_S,
    )
    broken = [] if drained <= DRAINED_WITHIN_S else [f"drained in {drained:.0f} s"]
    if missing:
        broken.append(f"{missing} ids missing or there twice")
    if row.is_slower(SLOWER):
        broken.append("requests took longer")
    note = f"drained in {drained:.0f} s, {missing} of {_count(house)} ids missing"
    return row.noted(note, broken=broken)


def _drained(house: House, since: float) -> tuple[float, int]:
    """Seconds until the streams hold each event once, and how many they do not."""
    while True:
        missing = asyncio.run(_missing(house))
        took = time.monotonic() - since
        if not missing or took > 2 * DRAINED_WITHIN_S:
            return took, missing
        time.sleep(1)


async def _missing(house: House) -> int:
    assert house.servers is not None
    db = Database(house.store_url)
    try:
        events = Counter(event.id for event in await told(db))
    finally:
        await db.close()
    held: Counter[str] = Counter()
    for stream in STREAMS:
        held.update(
            headers["Nats-Msg-Id"] for _, headers, _ in await house.servers.nats.held(stream)
        )
    return sum(abs(held[it] - events[it]) for it in held.keys() | events.keys())


def _count(house: House) -> int:
    async def count() -> int:
        db = Database(house.store_url)
        try:
            return len(await told(db))
        finally:
            await db.close()

    return asyncio.run(count())


SCENARIO = Scenario("nats", __doc__, Needs.SERVICES, run, order=20)
