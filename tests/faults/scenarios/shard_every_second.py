"""A bandit shard is killed every second, while people react all the time."""

import asyncio
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select

from oo.store.database import Database
from oo.store.tables import feedback, user_models
from tests.faults.house import House
from tests.faults.judging import Book
from tests.faults.scenario import Needs, Row, Run, Scenario

EVERY_S = 1.0
APPLIED_WITHIN_S = 5.0
LOOK_EVERY_S = 0.2
LEAVES_S = 10.0  # for the last ones, once the kills are over


@dataclass
class Applied:
    """When each person's stored state was first seen to have folded how many reactions."""

    store_url: str
    seen: list[tuple[float, dict[str, int]]] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look while the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._watch(stop)), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(10)

    async def _watch(self, stop: threading.Event) -> None:
        db, m = Database(self.store_url), user_models.c
        before: dict[str, int] = {}
        while not stop.is_set():
            async with db.read() as connection:
                rows = list(await connection.execute(select(m.user_id, m.applied_seq)))
            now: dict[str, int] = {}
            for user_id, seq in rows:
                now[user_id] = max(seq, now.get(user_id, 0))
            if now != before:
                self.seen.append((time.monotonic(), now))
                before = now
            await asyncio.sleep(LOOK_EVERY_S)
        await db.close()

    def took(self, book: Book) -> list[float]:
        """Seconds from each acknowledgement to the stored state; infinite where that never came."""
        numbers = asyncio.run(self._numbers())
        left: dict[str, list[tuple[int, float]]] = {}
        for key, ack in book.acknowledged.items():
            if key in numbers:
                left.setdefault(numbers[key], []).append((ack.seq, ack.at))
        found = []
        for user_id, reactions in left.items():
            steps = [(at, now.get(user_id, 0)) for at, now in self.seen]
            for seq, at in reactions:
                first = next((when for when, applied in steps if applied >= seq), math.inf)
                found.append(max(0.0, first - at))
        return sorted(found)

    async def _numbers(self) -> dict[str, str]:
        """Whose each key is."""
        db, f = Database(self.store_url), feedback.c
        async with db.read() as connection:
            rows = list(await connection.execute(select(f.idempotency_key, f.user_id)))
        await db.close()
        return {row[0]: row[1] for row in rows}


def run(run: Run) -> Iterator[Row]:
    assert run.house is not None
    yield kill_for(run.house, run.count(300, 30))


def kill_for(house: House, seconds: float) -> Row:
    """Kill a shard every second for so long; the shards take turns."""
    ledger, applied = house.ledger(), Applied(house.store_url)
    kills = 0
    with applied.watched():
        with ledger.kept():
            house.well_again(ledger)
            time.sleep(10)
            began = time.monotonic()
            while time.monotonic() < began + seconds:
                victims = house.processes("ServeReplica:oo:BanditShard")
                if victims:
                    victims[kills % len(victims)].kill()
                    kills += 1
                time.sleep(EVERY_S)
            over = time.monotonic()
            house.well_again(ledger)
        time.sleep(LEAVES_S)  # those who were acknowledged last are seen, too
    took = applied.took(ledger.book)
    p99 = took[math.ceil(0.99 * len(took)) - 1]
    return house.row(
        f"a shard killed every second for {seconds:.0f} s",
        ledger,
        began,
        over=over,
        note=f"{kills} kills; applied after {took[len(took) // 2]:.1f} s (p50), {p99:.1f} s (p99);"
        f" {len(applied.seen)} states seen",
        broken=() if p99 <= APPLIED_WITHIN_S else (f"applied after {p99:.1f} s at p99",),
    )


SCENARIO = Scenario("shard-every-second", __doc__, Needs.EMBEDDED, run, order=10)
