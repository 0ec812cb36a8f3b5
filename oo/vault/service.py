"""The vault: what a person entrusts to oO is sealed under a key of their own (envelope encryption).

A data key per person seals their secrets; a key-encryption key of the operator wraps the data
keys. Changing the operator's key rewraps data keys and touches no secret; destroying a person's
data key makes everything that it sealed unreadable, in backups too (crypto-shredding).
"""

import os

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock
from oo.store import data_keys
from oo.store.data_keys import DataKeyRow
from oo.store.database import Database
from oo.vault.keyring import KEY_BYTES, Keyring
from oo.vault.seal import SealError, seal, unseal

REWRAP_BATCH = 100


class Vault:
    """Seals and opens secrets of people; the connection given is the caller's transaction."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    @classmethod
    def check(cls, keyring: Keyring, row: DataKeyRow) -> None:
        """Raise SealError or ConfigurationError unless `keyring` opens this data key."""
        _unwrap(keyring, row)

    async def seal(
        self, connection: AsyncConnection, user_id: str, purpose: str, plaintext: bytes
    ) -> bytes:
        """Seal `plaintext` for `purpose`; makes the person's data key at the first use."""
        key = await self._data_key(connection, user_id) or await self._new_key(connection, user_id)
        return seal(key, plaintext, _binding(user_id, purpose))

    async def open(
        self, connection: AsyncConnection, user_id: str, purpose: str, sealed: bytes
    ) -> bytes:
        """What was sealed; raises SealError when the key is gone or anything does not fit."""
        key = await self._data_key(connection, user_id)
        if key is None:
            raise SealError("the person's data key was destroyed")
        return unseal(key, sealed, _binding(user_id, purpose))

    async def destroy(self, connection: AsyncConnection, user_id: str) -> None:
        """Destroy the person's data key: all that it sealed is unreadable from now on."""
        await data_keys.destroy(connection, user_id)

    async def rewrap(self, db: Database) -> int:
        """Wrap every data key under the current master key; how many needed it.

        Runs beside normal work, in short transactions. Afterwards the old master key can be
        dropped from the settings.
        """
        done = 0
        while True:
            async with db.write() as connection:
                stale = await data_keys.list_not_under(
                    connection, self._keyring.current_id, REWRAP_BATCH
                )
                for row in stale:
                    await data_keys.rewrap(connection, self._wrap(row.user_id, self._unwrap(row)))
            if not stale:
                return done
            done += len(stale)

    async def _data_key(self, connection: AsyncConnection, user_id: str) -> bytes | None:
        row = await data_keys.get(connection, user_id)
        return self._unwrap(row) if row else None

    async def _new_key(self, connection: AsyncConnection, user_id: str) -> bytes:
        row = self._wrap(user_id, os.urandom(KEY_BYTES))
        await data_keys.add(connection, row, self._clock.now())
        # another process may have been first: the stored key is the one that counts
        stored = await data_keys.get(connection, user_id)
        return self._unwrap(stored or row)

    def _wrap(self, user_id: str, key: bytes) -> DataKeyRow:
        kek_id = self._keyring.current_id
        wrapped = seal(self._keyring.key(kek_id), key, _wrapping(user_id, kek_id))
        return DataKeyRow(user_id, wrapped, kek_id)

    def _unwrap(self, row: DataKeyRow) -> bytes:
        return _unwrap(self._keyring, row)


def _unwrap(keyring: Keyring, row: DataKeyRow) -> bytes:
    return unseal(keyring.key(row.kek_id), row.wrapped, _wrapping(row.user_id, row.kek_id))


def _binding(user_id: str, purpose: str) -> str:
    return f"secret\0{user_id}\0{purpose}"


def _wrapping(user_id: str, kek_id: str) -> str:
    return f"data key\0{user_id}\0{kek_id}"
