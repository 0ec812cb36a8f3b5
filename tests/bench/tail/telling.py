"""`python -m tests.bench.tail.telling FOLDER RATE SECONDS`: facts, and the relay that tells them.

Facts are what a sync of a source says, written ten times a second in one transaction each; the
relay runs every second, as its job does. The last line has the number of the last event.
"""

import asyncio
import sys
import time
from pathlib import Path

from oo.events.relay import Relay
from oo.kit.clock import SystemClock
from oo.store import event_log, outbox
from oo.store.database import Database
from oo.vault.service import Vault
from tests.peers.store import add_person
from tests.peers.tables import SQLITE
from tests.peers.vault import KEYRING

PER_SECOND = 10


async def tell(folder: Path, rate: int, seconds: float) -> int:
    """Write for so long, then tell what is left; the number of the last event."""
    clock = SystemClock()
    db = Database(f"{SQLITE}{folder / 'test.db'}", Vault(KEYRING, clock))
    person = await add_person(db, clock, f"teller of {seconds} s")
    relay, begun, told_at = Relay(db, clock), time.monotonic(), 0.0
    payload = {"source": "todoist", "put": 1, "gone": 0}
    count = rate // PER_SECOND
    for step in range(round(seconds * PER_SECOND)):
        async with db.write() as connection:
            for _ in range(count):
                at = clock.now()
                await outbox.tell(connection, person, outbox.TASK_SYNCED, payload, at)
        if time.monotonic() - told_at >= 1.0:
            told_at = time.monotonic()
            await relay.relay()
        await asyncio.sleep(max(0.0, begun + (step + 1) / PER_SECOND - time.monotonic()))
    await relay.relay()
    async with db.read() as connection:
        newest = await event_log.newest(connection)
    await db.close()
    return newest


if __name__ == "__main__":
    folder, rate, seconds = sys.argv[1:]
    begun = time.monotonic()
    last = asyncio.run(tell(Path(folder), int(rate), float(seconds)))
    sys.stdout.write(f"{last} {time.monotonic() - begun:.2f}\n")
