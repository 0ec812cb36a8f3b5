"""Where a device is reached, sealed under its person's key: who has it can write to the device."""

import hashlib

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.push.channel import Address
from oo.vault.seal import SealError
from oo.vault.service import Vault


class Unreadable(Exception):
    """The address cannot be opened: its key is gone."""


class Addresses:
    """Seals and opens addresses through the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def sealed(
        self, connection: AsyncConnection, user_id: str, channel: str, address: Address
    ) -> bytes:
        """The address as it is stored."""
        plain = orjson.dumps(dict(address))
        return await self._vault.seal(connection, user_id, _purpose(channel), plain)

    async def opened(
        self, connection: AsyncConnection, user_id: str, channel: str, sealed: bytes
    ) -> Address:
        """The inverse of :meth:`sealed`; raises Unreadable."""
        try:
            plain = await self._vault.open(connection, user_id, _purpose(channel), sealed)
        except SealError as error:
            raise Unreadable(str(error)) from error
        found: dict[str, str] = orjson.loads(plain)
        return found


def hash_of(channel: str, address: Address) -> str:
    """What stands for an address where it must be found again without being readable.

    It is of what the device is reached at alone: keys of the same endpoint may be renewed.
    """
    place = address.get("endpoint") or address.get("token") or address.get("mail") or ""
    return hashlib.sha256(f"{channel}\0{place}".encode()).hexdigest()


def _purpose(channel: str) -> str:
    return f"device {channel}"
