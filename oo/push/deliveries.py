"""The ports of :mod:`oo.domain.deliveries` over the store: asking for deliveries, and reading."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.deliveries import Happened
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, NotFound
from oo.kit.ids import new_id
from oo.store import deliveries, devices, users
from oo.store.database import Database
from oo.store.deliveries import DeliveryRow

TEST_FOR = timedelta(minutes=10)


class StoredDeliveries:
    """:class:`oo.domain.deliveries.Deliveries`, and tests of single devices."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def enqueue(self, user_id: str, tip_id: str, at: datetime, expires_at: datetime) -> str:
        """See :class:`oo.domain.deliveries.Deliveries`."""
        if expires_at <= at:
            raise BadRequest("The delivery would expire before it begins.")
        now = self._clock.now()
        row = DeliveryRow(new_id(self._clock), user_id, tip_id, at, expires_at, now)
        async with self._db.write() as connection:
            await _lock(connection, user_id)
            if not await deliveries.has_tip(connection, user_id, tip_id):
                raise NotFound("There is no such tip.")
            return await deliveries.add(connection, row)

    async def outcomes_since(self, user_id: str, since: datetime) -> Sequence[Happened]:
        """See :class:`oo.domain.deliveries.Deliveries`."""
        async with self._db.read() as connection:
            return await deliveries.outcomes_since(connection, user_id, since)

    async def test(self, user_id: str, device_id: str) -> str:
        """Have one device of the person sent something that is no tip; raises NotFound."""
        now, made = self._clock.now(), new_id(self._clock)
        row = DeliveryRow(made, user_id, made, now, now + TEST_FOR, now, device_id)
        async with self._db.write() as connection:
            await _lock(connection, user_id)
            if device_id not in {one.id for one in await devices.list_for(connection, user_id)}:
                raise NotFound("There is no such device. It may have ended already.")
            return await deliveries.add(connection, row)


async def _lock(connection: AsyncConnection, user_id: str) -> None:
    person = (await users.lock(connection, [user_id])).get(user_id)
    if person is None or person.deleted:
        raise NotFound("There is no such person.")
