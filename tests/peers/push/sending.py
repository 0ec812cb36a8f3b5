"""A person with tips and devices in a store, the sender, and what became of what it sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from oo.domain.deliveries import Outcome
from oo.kit.clock import ManualClock
from oo.push.addresses import Addresses
from oo.push.deliveries import StoredDeliveries
from oo.push.devices import Devices, Here
from oo.push.sender import Limits, Sender
from oo.recommend.worth import Worth
from oo.store.database import Database
from oo.store.tables import outbox
from oo.vault.service import Vault
from tests.peers.push.carrier import Carrier, carrier
from tests.peers.store import add_person
from tests.peers.vault import KEYRING
from tests.unit.recommend.conftest import put_pool, serve_tip

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


class World:
    """One person with tips and devices, and the sender, on the morning of a day."""

    def __init__(self, db: Database, **channel: bool) -> None:
        self.db = db
        self.clock = ManualClock(START)
        self.carrier, self.by = carrier(**channel)
        self.addresses = Addresses(Vault(KEYRING, self.clock))
        channels = {"carrier": self.by}
        self.devices = Devices(db, self.clock, self.addresses, channels)
        self.deliveries = StoredDeliveries(db, self.clock)
        self.sender = self.another()
        self.person = ""
        self.tips: list[str] = []

    def another(self, beside: Carrier | None = None) -> Sender:
        """A further sender, as another process has it."""
        by = self.by if beside is None else self.by._replace(sends=beside)
        return Sender(
            self.db,
            self.clock,
            self.addresses,
            {"carrier": by},
            Worth(self.db, self.clock),
            Limits(6, 8),
            "http://oo.test",
        )

    async def begin(self, devices: int = 1, tips: int = 1) -> None:
        self.person = await add_person(self.db, self.clock)
        for number in range(devices):
            await self.add_device(str(number))
        for one in (await put_pool(self.db, self.clock, self.person, tips))[:tips]:
            self.tips.append(await serve_tip(self.db, self.clock, self.person, one))

    async def add_device(self, token: str) -> str:
        here = Here(None, "A device")
        return await self.devices.register(self.person, "carrier", {"token": token}, here, "test")

    async def enqueue(self, tip: int = 0, life: timedelta = HOUR) -> str:
        now = self.clock.now()
        return await self.deliveries.enqueue(self.person, self.tips[tip], now, now + life)

    async def drain(self, steps: int = 1, every: float = 1.0) -> None:
        for _ in range(steps):
            while await self.sender.send_due():
                pass
            self.clock.advance(every)

    async def outcomes(self) -> list[tuple[Outcome, str]]:
        found = await self.deliveries.outcomes_since(self.person, START)
        return [(it.outcome, it.detail) for it in found]

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of tips that were committed, subject and payload, in order."""
        query = (
            select(outbox.c.subject, outbox.c.payload)
            .where(outbox.c.subject.startswith("signals.tip."))
            .order_by(outbox.c.id)
        )
        async with self.db.read() as connection:
            return [(row.subject, row.payload) for row in await connection.execute(query)]
