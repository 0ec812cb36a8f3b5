"""The vault: what a person entrusts to oO is sealed under a key of their own (envelope encryption).

A data key per person seals their grants and the words in their rows; a key-encryption key of the
operator wraps the data keys. Changing the operator's key rewraps data keys and touches nothing
else; destroying a person's data key makes everything that it sealed unreadable (crypto-shredding).
"""

import os
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial

from cachetools import TTLCache
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock, SystemClock
from oo.kit.settings import Settings
from oo.store import data_keys
from oo.store.data_keys import DataKeyRow
from oo.store.database import Database, Hot
from oo.vault.data_keys import OpenDataKey, OpenedWords
from oo.vault.keyring import KEY_BYTES, Keyring, load_keyring
from oo.vault.seal import SealError, seal, unseal

REWRAP_BATCH = 100
KEEP_KEYS = 20_000
KEEP_FOR = timedelta(minutes=10)  # so long a process may use a key that was destroyed meanwhile
YOUNG = timedelta(minutes=2)  # longer than any transaction lasts


class Vault:
    """Seals and opens what is people's; the connection given is the caller's transaction.

    `keys` are the key-encryption keys, or what gives them when they are needed first; it is told
    whether it may make one where there is none.
    """

    def __init__(self, keys: Keyring | Callable[[bool], Keyring], clock: Clock) -> None:
        self._given = keys
        self._ring: Keyring | None = keys if isinstance(keys, Keyring) else None
        self._clock = clock
        self._opened = OpenedWords()
        self._keys: TTLCache[str, OpenDataKey] = TTLCache(
            KEEP_KEYS, KEEP_FOR.total_seconds(), clock.monotonic
        )
        # Keys that this process has made lately: their transaction may still be rolled back, and a
        # key that is kept although no row has it would seal what nobody can open again.
        self._young: TTLCache[str, None] = TTLCache(
            KEEP_KEYS, YOUNG.total_seconds(), clock.monotonic
        )

    @classmethod
    def of(cls, settings: Settings, clock: Clock | None = None) -> "Vault":
        """That of an installation; its keys are read when they are needed first."""
        return cls(partial(load_keyring, settings), clock or SystemClock())

    def __reduce__(self) -> "tuple[type[Vault], tuple[object, Clock]]":
        """What another process of the same installation makes its own from."""
        return Vault, (self._given, self._clock)

    def __repr__(self) -> str:
        return f"Vault({self._ring!r})"

    @classmethod
    def check(cls, keyring: Keyring, row: DataKeyRow) -> None:
        """Raise SealError or ConfigurationError unless `keyring` opens this data key."""
        _unwrap(keyring, row)

    async def data_keys(
        self, connection: Hot, user_ids: Collection[str], *, make: bool
    ) -> dict[str, OpenDataKey]:
        """These people's data keys; with `make` those that lack one get it.

        Raises SealError or ConfigurationError when one cannot be opened.
        """
        found, lacking = dict[str, OpenDataKey](), list[str]()
        for user_id in user_ids:
            key = self._keys.get(user_id)
            if key is None:
                lacking.append(user_id)
            else:
                found[user_id] = key
        if lacking:
            for row in await data_keys.of(connection, lacking):
                found[row.user_id] = self._keep(row)
            if make:
                for user_id in lacking:
                    if user_id not in found:
                        found[user_id] = await self._new_key(connection, user_id)
        return found

    async def seal(self, connection: Hot, user_id: str, purpose: str, plaintext: bytes) -> bytes:
        """Seal `plaintext` for `purpose`; makes the person's data key at the first use."""
        keys = await self.data_keys(connection, [user_id], make=True)
        return keys[user_id].seal(purpose, plaintext)

    async def open(self, connection: Hot, user_id: str, purpose: str, sealed: bytes) -> bytes:
        """What was sealed; raises SealError when the key is gone or anything does not fit."""
        key = (await self.data_keys(connection, [user_id], make=False)).get(user_id)
        if key is None:
            raise SealError("the person's data key was destroyed")
        return key.unseal(purpose, sealed)

    async def destroy(self, connection: AsyncConnection, user_id: str) -> None:
        """Destroy the person's data key: all that it sealed is unreadable from now on."""
        await data_keys.destroy(connection, user_id)
        self._keys.pop(user_id, None)

    async def rewrap(self, db: Database) -> int:
        """Wrap every data key under the current master key; how many needed it.

        Runs beside normal work, in short transactions. Afterwards no key is under another one, nor
        comes to be: whoever wraps a key looks for the current one in the transaction that stores
        it, which has either ended when the last look begins, or begins when it has ended.
        """
        done, last = 0, False
        while True:
            async with db.write() as connection:
                if last:
                    await data_keys.wait_for_writers(connection)
                current_id = self._keyring().current_id
                stale = await data_keys.list_not_under(connection, current_id, REWRAP_BATCH)
                for row in stale:
                    await data_keys.rewrap(connection, self._wrap(row.user_id, self._unwrap(row)))
            done += len(stale)
            if not stale:
                if last:
                    return done
                last = True

    def _keep(self, row: DataKeyRow) -> OpenDataKey:
        key = OpenDataKey(row.user_id, self._unwrap(row), self._opened)
        if row.user_id not in self._young:
            self._keys[row.user_id] = key
        return key

    async def _new_key(self, connection: Hot, user_id: str) -> OpenDataKey:
        if self._ring is None:
            # where a store is sealed already, a new master key would hide that the right one is
            # missing
            self._keyring(make=not await data_keys.has_any(connection))
        self._young[user_id] = None
        await data_keys.announce_writing(connection)
        row = self._wrap(user_id, os.urandom(KEY_BYTES))
        await data_keys.add(connection, row, self._clock.now())
        # another process may have been first: the stored key is the one that counts
        [stored] = await data_keys.of(connection, [user_id])
        return self._keep(stored)

    def _keyring(self, *, make: bool = False) -> Keyring:
        if self._ring is None:
            given = self._given
            self._ring = given if isinstance(given, Keyring) else given(make)
        return self._ring

    def _wrap(self, user_id: str, key: bytes) -> DataKeyRow:
        ring = self._keyring()
        kek_id = ring.current_id
        wrapped = seal(ring.key(kek_id), key, _wrapping(user_id, kek_id))
        return DataKeyRow(user_id, wrapped, kek_id)

    def _unwrap(self, row: DataKeyRow) -> bytes:
        return _unwrap(self._keyring(), row)


def _unwrap(keyring: Keyring, row: DataKeyRow) -> bytes:
    return unseal(keyring.key(row.kek_id), row.wrapped, _wrapping(row.user_id, row.kek_id))


def _wrapping(user_id: str, kek_id: str) -> str:
    return f"data key\0{user_id}\0{kek_id}"
