"""Rows of devices: where people want to be reached."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import devices
from oo.store.upsert import insert_into


class DeviceRow(NamedTuple):
    """A device as stored; `address` is sealed. See the table for the rest."""

    id: str
    user_id: str
    channel: str
    address_hash: str
    address: bytes
    key_id: str | None
    session_hash: str | None
    name: str
    created_at: datetime
    seen_at: datetime
    token_hash: str | None = None


class DeviceListing(NamedTuple):
    """One of the person's devices, as their page lists it."""

    id: str
    channel: str
    name: str
    created_at: datetime
    seen_at: datetime
    session_hash: str | None


_d = devices.c
_REFRESHED = ("address", "key_id", "session_hash", "name", "seen_at", "token_hash")


async def put(connection: AsyncConnection, row: DeviceRow) -> str:
    """Keep the device, or what is new of one that the person has already; its id.

    An address that another person had in the same browser before is theirs no more.
    """
    await _leave_others(connection, row)
    insert = insert_into(connection, devices).values(**row._asdict())
    kept = await connection.execute(
        insert.on_conflict_do_update(
            index_elements=[_d.channel, _d.address_hash],
            set_={name: insert.excluded[name] for name in _REFRESHED},
        ).returning(_d.id)
    )
    return str(kept.scalar_one())


async def _leave_others(connection: AsyncConnection, row: DeviceRow) -> None:
    await connection.execute(
        delete(devices).where(
            _d.channel == row.channel,
            _d.address_hash == row.address_hash,
            _d.user_id != row.user_id,
        )
    )


async def count(connection: AsyncConnection, user_id: str, besides: Collection[str] = ()) -> int:
    """How many devices the person has, not counting those of the given hashes of addresses."""
    query = select(func.count()).where(_d.user_id == user_id, _d.address_hash.not_in(besides))
    return int((await connection.execute(query)).scalar_one())


async def find(
    connection: AsyncConnection, user_id: str, channel: str, address_hash: str
) -> DeviceRow | None:
    """The person's device at that address."""
    columns = [_d[name] for name in DeviceRow._fields]
    query = select(*columns).where(
        _d.user_id == user_id, _d.channel == channel, _d.address_hash == address_hash
    )
    row = (await connection.execute(query)).first()
    return DeviceRow(*row) if row else None


async def list_for(connection: AsyncConnection, user_id: str) -> list[DeviceListing]:
    """The person's devices, the one that was there last first."""
    columns = [_d[name] for name in DeviceListing._fields]
    query = select(*columns).where(_d.user_id == user_id).order_by(_d.seen_at.desc(), _d.id)
    return [DeviceListing(*row) for row in await connection.execute(query)]


async def end(connection: AsyncConnection, user_id: str, device_id: str) -> bool:
    """End one of the person's devices; whether there was one."""
    gone = await connection.execute(
        delete(devices).where(_d.user_id == user_id, _d.id == device_id)
    )
    return gone.rowcount > 0


async def end_address(
    connection: AsyncConnection, user_id: str, channel: str, address_hash: str
) -> bool:
    """End the person's device at that address; whether there was one."""
    gone = await connection.execute(
        delete(devices).where(
            _d.user_id == user_id, _d.channel == channel, _d.address_hash == address_hash
        )
    )
    return gone.rowcount > 0


async def end_session(connection: AsyncConnection, user_id: str, session_hash: str) -> int:
    """End what came with a session of the person that ends; how many."""
    gone = await connection.execute(
        delete(devices).where(_d.user_id == user_id, _d.session_hash == session_hash)
    )
    return gone.rowcount


async def hand_over(
    connection: AsyncConnection, user_id: str, session_hash: str, successor: str
) -> None:
    """What came with one session of the person belongs to another."""
    await connection.execute(
        update(devices)
        .where(_d.user_id == user_id, _d.session_hash == session_hash)
        .values(session_hash=successor)
    )


async def renew(connection: AsyncConnection, user_id: str, device_id: str, row: DeviceRow) -> bool:
    """What is known of a device is `row` now; false where the person has no such device.

    An address that another device of theirs had is this one's from now on.
    """
    await _leave_others(connection, row)
    await connection.execute(
        delete(devices).where(
            _d.user_id == user_id,
            _d.channel == row.channel,
            _d.address_hash == row.address_hash,
            _d.id != device_id,
        )
    )
    kept = await connection.execute(
        update(devices)
        .where(_d.user_id == user_id, _d.id == device_id, _d.channel == row.channel)
        .values(address_hash=row.address_hash, **{it: getattr(row, it) for it in _REFRESHED})
    )
    return kept.rowcount == 1


async def end_other_sessions(connection: AsyncConnection, user_id: str, session_hash: str) -> int:
    """End what came with any session of the person but this one; how many."""
    gone = await connection.execute(
        delete(devices).where(
            _d.user_id == user_id, _d.session_hash.is_not(None), _d.session_hash != session_hash
        )
    )
    return gone.rowcount


async def end_all(connection: AsyncConnection, user_id: str) -> int:
    """End all of the person's devices; how many."""
    return (await connection.execute(delete(devices).where(_d.user_id == user_id))).rowcount


async def end_by_token(connection: AsyncConnection, token_hash: str) -> bool:
    """End the device that the token was sent to, whoever shows it; whether there was one."""
    gone = await connection.execute(delete(devices).where(_d.token_hash == token_hash))
    return gone.rowcount > 0


async def pause(connection: AsyncConnection, user_id: str, device_id: str, until: datetime) -> None:
    """Send nothing to the device until then, as its service asked."""
    await connection.execute(
        update(devices).where(_d.user_id == user_id, _d.id == device_id).values(paused_until=until)
    )


async def count_by_key(connection: AsyncConnection) -> dict[str, int]:
    """How many devices need each VAPID key; those that none needs are not among them."""
    query = select(_d.key_id, func.count()).where(_d.key_id.is_not(None)).group_by(_d.key_id)
    return {row[0]: row[1] for row in await connection.execute(query)}
