"""A person's devices: registered by a press, kept in step at every load, ended once and for all."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import NOTIFICATIONS, purposes
from oo.domain.deliveries import Outcome
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, Conflict, Forbidden, Gone, NotFound
from oo.kit.ids import new_id
from oo.push.addresses import Addresses, hash_of
from oo.push.channel import Address, Configured
from oo.store import consenting, consents, deliveries, devices, users
from oo.store.consents import Said
from oo.store.database import Database
from oo.store.devices import DeviceListing, DeviceRow

MAX_DEVICES = 10
MAX_NAME = 120
TOKEN_BYTES = 24


class NotAllowed(Forbidden):
    """The person does not allow notifications."""

    code, title = "notifications_off", "You have not allowed notifications"


class TooManyDevices(Conflict):
    """The person has as many devices as one may have."""

    code, title = "too_many_devices", "You have ten devices already"


class DeviceEnded(Gone):
    """The device was ended elsewhere: the browser signs off until it is asked for again."""

    code, title = "device_ended", "This device was ended"


class Here(NamedTuple):
    """A device as it shows itself: its session (none for what needs none) and what it is called."""

    session_hash: str | None
    name: str


class Devices:
    """All devices of all people."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        addresses: Addresses,
        channels: Mapping[str, Configured],
    ) -> None:
        self._db = db
        self._clock = clock
        self._addresses = addresses
        self._channels = dict(channels)

    @property
    def channels(self) -> Mapping[str, Configured]:
        """The channels that are set up."""
        return self._channels

    async def register(
        self, user_id: str, channel: str, given: Mapping[str, Any], here: Here, how: str
    ) -> str:
        """The person wants tips there and has just said so: allows it, too. The device's id.

        Raises BadRequest for what is no address of the channel, NotFound for a channel that is not
        set up, TooManyDevices.
        """
        by, address = self._read(channel, given)
        async with self._db.write() as connection:
            await self._lock(connection, user_id)
            if not await consents.is_given(connection, user_id, NOTIFICATIONS):
                version, now = purposes()[NOTIFICATIONS].version, self._clock.now()
                said = Said(NOTIFICATIONS, version, True, now, how)
                await consenting.change(connection, user_id, said)
            if not by.channel.of_session:  # what was sent there goes on ending it
                there = hash_of(channel, address)
                known = await devices.find(connection, user_id, channel, there)
                if known is not None:
                    return known.id
            row = await self._row(connection, user_id, by, address, here)
            if await devices.count(connection, user_id, [row.address_hash]) >= MAX_DEVICES:
                raise TooManyDevices("End one of them first.")
            return await devices.put(connection, row)

    async def renew(
        self, user_id: str, device_id: str, channel: str, given: Mapping[str, Any], here: Here
    ) -> None:
        """A device is there again, perhaps at another address or under another key.

        Raises DeviceEnded where it has ended meanwhile, NotAllowed where its person no longer
        allows notifications, and as :meth:`register` does.
        """
        by, address = self._read(channel, given)
        async with self._db.write() as connection:
            await self._lock(connection, user_id)
            if not await consents.is_given(connection, user_id, NOTIFICATIONS):
                raise NotAllowed("Allow them on the page of your devices.")
            row = await self._row(connection, user_id, by, address, here)
            if not await devices.renew(connection, user_id, device_id, row):
                raise DeviceEnded("Ask for notifications again to have them here.")

    async def list_for(self, user_id: str) -> list[DeviceListing]:
        """The person's devices, the one that was there last first."""
        async with self._db.read() as connection:
            return await devices.list_for(connection, user_id)

    async def end(self, user_id: str, device_id: str) -> None:
        """End one of the person's devices; raises NotFound for one that is not theirs."""
        async with self._db.write() as connection:
            if not await devices.end(connection, user_id, device_id):
                raise NotFound("There is no such device. It may have ended already.")

    async def end_by_token(self, token: str) -> bool:
        """End the device that the token was sent to; whether there was one."""
        async with self._db.write() as connection:
            return await devices.end_by_token(connection, _hashed(token))

    async def note(self, user_id: str, delivery_id: str, device_id: str, outcome: Outcome) -> None:
        """A device says what became of a delivery; raises NotFound for none that was sent to it."""
        now = self._clock.now()
        async with self._db.write() as connection:
            await self._lock(connection, user_id)
            if not await deliveries.note(connection, user_id, delivery_id, device_id, outcome, now):
                raise NotFound("There is no such delivery.")

    def _read(self, channel: str, given: Mapping[str, Any]) -> tuple[Configured, Address]:
        by = self._channels.get(channel)
        if by is None:
            raise NotFound("There is no such channel, or it is not set up here.")
        return by, by.sends.address(given)

    async def _lock(self, connection: AsyncConnection, user_id: str) -> None:
        person = (await users.lock(connection, [user_id])).get(user_id)
        if person is None or person.deleted:
            raise NotFound("There is no such person.")

    async def _row(
        self,
        connection: AsyncConnection,
        user_id: str,
        by: Configured,
        address: Address,
        here: Here,
    ) -> DeviceRow:
        if by.channel.of_session and here.session_hash is None:
            raise BadRequest("Such a device belongs to a session.")
        now, name = self._clock.now(), by.channel.name
        ends = None if by.channel.of_session else secrets.token_urlsafe(TOKEN_BYTES)
        if ends is not None:
            address = {**address, "unsubscribe": ends}
        return DeviceRow(
            id=new_id(self._clock),
            user_id=user_id,
            channel=name,
            address_hash=hash_of(name, address),
            address=await self._addresses.sealed(connection, user_id, name, address),
            key_id=address.get("key_id"),
            session_hash=here.session_hash if by.channel.of_session else None,
            name=here.name[:MAX_NAME],
            created_at=now,
            seen_at=now,
            token_hash=_hashed(ends) if ends else None,
        )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
