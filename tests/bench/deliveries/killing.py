"""`python -m tests.bench.deliveries`: 10,000 sendings while the sender is killed again and again.

A push service with browsers behind it (:mod:`tests.peers.push.web_push`) refuses, breaks, forgets
subscriptions, and now and then takes a message and says that it did not. The sender is a process of
its own, killed with SIGKILL every few seconds and started again, until nothing waits. Then the
browsers are asked what their people saw, and the store what was sent.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from sqlalchemy import func, select, update
from starlette.requests import ClientDisconnect

from oo.domain.consents import NOTIFICATIONS, purposes
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.settings import Settings
from oo.push.devices import Here
from oo.push.service import Push
from oo.recommend.worth import Worth
from oo.store import consents, decisions, deliveries, tables
from oo.store.consents import Said
from oo.store.database import Database
from oo.store.deliveries import DeliveryRow
from oo.vault.keyring import load_keyring
from oo.vault.service import Vault
from tests.bench.seed import seed
from tests.peers.push.peer import Answer
from tests.peers.push.web_push import PushService
from tests.peers.serving import served
from tests.unit.recommend.conftest import candidate, decision

DEVICES = 2  # of each person
LIFE = timedelta(minutes=30)
# what is imported once: else most of a life would be spent on that
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.bench.deliveries.killing"])


class Unreliable(PushService):
    """Of a hundred messages: five 429s, four 5xx, two 410s, one taken without a word."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.said: Counter[int] = Counter()
        self.dead: set[str] = set()

    async def _push(self, name: str, request: Request) -> Response:
        drawn = self._chance.random()
        if drawn < 0.02 and name not in self.dead:
            self.dead.add(name)
            self.faults = [Answer(410)]
        elif drawn < 0.07:
            self.faults = [Answer(429, "1")]
        elif drawn < 0.11:
            self.faults = [Answer(self._chance.choice((500, 502, 503)))]
        elif drawn < 0.12:
            self.faults = [Answer(500, accepts=True)]
        else:
            self.faults = []
        try:
            answer = await super()._push(name, request)
        except ClientDisconnect:  # the sender was killed in the middle of its message
            answer = Response(status_code=499)
        self.said[answer.status_code] += 1
        return answer


def settings_of(folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": folder,
            "database_url": f"sqlite+aiosqlite:///{folder / 'bench.db'}",
            "public_url": "http://localhost:8000",
            "outgoing": {"own_networks": ["127.0.0.0/8"]},
            "web_push": {"allow_http": "true"},
            "push": {"per_hour": 1000},
        }
    )


async def send(folder: Path) -> None:
    """The sender, for as long as it lives."""
    settings, clock = settings_of(folder), SystemClock()
    db = Database(settings.store_url, Vault.of(settings))
    push = Push.of(settings, db, clock, Worth(db, clock))
    while True:
        if not await push.sender.send_due():
            await asyncio.sleep(0.2)


def run_sender(folder: str) -> None:
    """A process of the sender."""
    asyncio.run(send(Path(folder)))


async def decide(db: Database, clock: SystemClock) -> dict[str, str]:
    """A tip for each person, as if it had just been decided on."""
    async with db.read() as connection:
        c = tables.candidates.c
        rows = await connection.execute(select(c.user_id, func.min(c.id)).group_by(c.user_id))
        first = {row[0]: row[1] for row in rows}
    made = []
    for user_id, candidate_id in first.items():
        of = replace(candidate(ManualClock(clock.now())), id=candidate_id)
        made.append(decision(clock, user_id, of))
    async with db.write() as connection:
        await decisions.append(connection, made)
    return {one.user_id: one.id for one in made}


async def fill(folder: Path, service: PushService, sendings: int) -> None:
    """People with two devices each, and deliveries to all of them."""
    await seed(folder / "bench.db", sendings // DEVICES, 0)
    settings, clock = settings_of(folder), SystemClock()
    load_keyring(settings)
    db = Database(settings.store_url, Vault.of(settings))
    push = Push.of(settings, db, clock, Worth(db, clock))
    key = await push.keys.current()
    tips = await decide(db, clock)
    now = clock.now()
    async with db.write() as connection:
        for user_id in tips:
            version = purposes()[NOTIFICATIONS].version
            said = [Said(NOTIFICATIONS, version, True, now, "bench")]
            await consents.record(connection, user_id, said)
    for user_id in tips:
        for _ in range(DEVICES):
            given = {**service.subscribe(key.public_key).as_json(), "key_id": key.id}
            here = Here("bench", "A browser")
            await push.devices.register(user_id, "web_push", given, here, "bench")
    async with db.write() as connection:
        for number, (user_id, tip_id) in enumerate(tips.items()):
            row = DeliveryRow(f"{number:032x}", user_id, tip_id, now, now + LIFE, now)
            await deliveries.add(connection, row)
    await push.http.aclose()
    await db.close()


class Left:
    """What the store says."""

    def __init__(self, folder: Path) -> None:
        self._db = Database(settings_of(folder).store_url)

    async def waiting(self) -> int:
        async with self._db.read() as connection:
            open_ = select(func.count()).where(tables.sendings.c.ended_at.is_(None))
            unspread = select(func.count()).where(tables.deliveries.c.spread_at.is_(None))
            return int((await connection.execute(open_)).scalar_one()) + DEVICES * int(
                (await connection.execute(unspread)).scalar_one()
            )

    async def outcomes(self) -> "Counter[str]":
        o = tables.delivery_outcomes.c
        async with self._db.read() as connection:
            rows = await connection.execute(
                select(o.outcome, o.detail, func.count()).group_by(o.outcome, o.detail)
            )
            return Counter({f"{it[0]} {it[1]}".strip(): it[2] for it in rows})

    async def sent(self) -> set[tuple[str, str]]:
        """Delivery and device of each sending that the store calls sent."""
        s = tables.sendings.c
        async with self._db.read() as connection:
            query = select(s.delivery_id, s.device_id).where(s.sent_at.is_not(None))
            return {(row[0], row[1]) for row in await connection.execute(query)}

    async def shorten_leases(self) -> None:
        """As if the minute of a lease were over, so that the measurement does not wait for it."""
        s = tables.sendings.c
        past = SystemClock().now() - timedelta(seconds=1)
        async with self._db.write() as connection:
            await connection.execute(
                update(tables.sendings)
                .where(s.leased_until.is_not(None), s.ended_at.is_(None), s.user_id != "")
                .values(leased_until=past)
            )

    async def close(self) -> None:
        await self._db.close()


async def drain(folder: Path, every_s: float, limit_s: float) -> tuple[int, float]:
    """Kill the sender after `every_s` of sending until nothing waits; how often, and the time."""
    left, began, kills = Left(folder), time.monotonic(), 0
    try:
        while await left.waiting() and time.monotonic() - began < limit_s:
            sender = FORKS.Process(target=run_sender, args=(str(folder),), daemon=True)
            sender.start()
            await asyncio.sleep(every_s)
            sender.kill()
            await asyncio.to_thread(sender.join)
            kills += 1
            await left.shorten_leases()
    finally:
        took = time.monotonic() - began
        await left.close()
    return kills, took


def judged(service: Unreliable, sent: set[tuple[str, str]]) -> dict[str, Any]:
    """What browsers got, beside what the store says."""
    came = [
        (it["notification"]["data"]["delivery"], it["notification"]["data"]["device"])
        for to in service.subscriptions.values()
        for it in to.messages
    ]
    seen = set(came)
    return {
        "posts": service.posts,
        "answers": dict(sorted(service.said.items())),
        "messages that came": len(came),
        "of them repetitions under a known key, which no person sees": len(came) - len(seen),
        "tips that devices show": len(seen),
        "sendings that the store calls sent": len(sent),
        "of these not at their device": len(sent - seen),
        "shown but not called sent": len(seen - sent),
    }


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sendings", type=int, default=10_000)
    parser.add_argument("--kill-every", type=float, default=2.0, help="seconds of sending")
    parser.add_argument("--limit", type=float, default=1200.0, help="seconds at most")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    service = Unreliable(random.Random(given.seed))
    with tempfile.TemporaryDirectory() as name, served(service.app()) as service.base:
        folder = Path(name)
        await fill(folder, service, given.sendings)
        kills, took = await drain(folder, given.kill_every, given.limit)
        left = Left(folder)
        outcomes, sent = await left.outcomes(), await left.sent()
        waiting = await left.waiting()
        await left.close()
    found = {
        "sendings": given.sendings,
        "kills": kills,
        "seconds": round(took),
        **judged(service, sent),
        "outcomes": dict(sorted(outcomes.items())),
        "without an outcome": given.sendings - sum(outcomes.values()),
        "still waiting": waiting,
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    bad = ("of these not at their device", "without an outcome", "still waiting")
    return 1 if any(found[name] for name in bad) else 0
