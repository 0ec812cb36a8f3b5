"""VAPID keys (RFC 8292): made, rotated with overlap, retired when no subscription needs them.

A subscription is bound to the key that it was made under, so a rotation only changes what new
ones get. Browsers renew theirs when they next load a page; the old key signs until then.
"""

import base64
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.clock import Clock
from oo.kit.errors import NotFound
from oo.kit.ids import new_id
from oo.store import devices, vapid_keys
from oo.store.database import Database
from oo.store.vapid_keys import VapidKeyRow
from oo.vault.operator import OperatorSecret, OperatorVault

TOKEN_S = 12 * 3600  # RFC 8292: 24 h at the most
RENEW_S = TOKEN_S // 2
_MAX_TOKENS = 1000


class PublicKey(NamedTuple):
    """What browsers subscribe under: an uncompressed point in base64url."""

    id: str
    public_key: str


class _Token(NamedTuple):
    header: str
    until: float


class VapidKeys:
    """The keys of the installation, and what they sign."""

    def __init__(self, db: Database, vault: OperatorVault, clock: Clock, contact: str) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._contact = contact
        self._private: dict[str, tuple[ECKey, str]] = {}
        self._tokens: dict[tuple[str, str], _Token] = {}

    async def current(self) -> PublicKey:
        """The key for new subscriptions; the first is made when it is first asked for."""
        async with self._db.read() as connection:
            row = await vapid_keys.newest(connection)
        if row is None:
            async with self._db.write() as connection:
                row = await self._make(connection)
        return PublicKey(row.id, row.public_key)

    async def rotate(self) -> PublicKey:
        """Make a new key for new subscriptions; those before go on signing for theirs."""
        async with self._db.write() as connection:
            row = await self._make(connection)
        return PublicKey(row.id, row.public_key)

    async def retire(self) -> int:
        """Forget the keys before the newest that no subscription needs; how many."""
        async with self._db.write() as connection:
            return await vapid_keys.retire(connection, await devices.count_by_key(connection))

    async def reseal(self) -> int:
        """Seal all of them under the newest master key; how many needed it."""
        async with self._db.write() as connection:
            stale = [
                row
                for row in await vapid_keys.every(connection)
                if row.kek_id != self._vault.current_id
            ]
            for row in stale:
                opened = self._vault.open(_purpose(row.id), _secret(row))
                sealed, kek_id = self._vault.seal(_purpose(row.id), opened)
                await vapid_keys.reseal(connection, row.id, sealed, kek_id)
        return len(stale)

    async def authorization(self, key_id: str, audience: str) -> str:
        """The `Authorization` header of pushes to the origin `audience`; raises NotFound.

        It is signed once for half its life: signing costs as much as the encryption of a push.
        """
        now = self._clock.now().timestamp()
        known = self._tokens.get((key_id, audience))
        if known is not None and now < known.until:
            return known.header
        key, public_key = await self._opened(key_id)
        claims = {"aud": audience, "exp": int(now) + TOKEN_S, "sub": self._contact}
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, key)
        header = f"vapid t={token}, k={public_key}"
        if len(self._tokens) >= _MAX_TOKENS:
            self._tokens.clear()
        self._tokens[key_id, audience] = _Token(header, now + RENEW_S)
        return header

    async def _opened(self, key_id: str) -> tuple[ECKey, str]:
        if key_id not in self._private:
            async with self._db.read() as connection:
                row = await vapid_keys.find(connection, key_id)
            if row is None:
                raise NotFound("The key of this subscription was retired.")
            key = ECKey.import_key(self._vault.open(_purpose(key_id), _secret(row)))
            self._private[key_id] = (key, row.public_key)
        return self._private[key_id]

    async def _make(self, connection: AsyncConnection) -> VapidKeyRow:
        before = await vapid_keys.newest(connection)
        key_id, private = new_id(self._clock), ec.generate_private_key(ec.SECP256R1())
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        sealed, kek_id = self._vault.seal(_purpose(key_id), pem)
        row = VapidKeyRow(
            before.generation + 1 if before else 1,
            key_id,
            base64.urlsafe_b64encode(point).rstrip(b"=").decode(),
            sealed,
            kek_id,
            self._clock.now(),
        )
        await vapid_keys.add(connection, row)
        return await vapid_keys.newest(connection) or row


def _purpose(key_id: str) -> str:
    return f"vapid key {key_id}"


def _secret(row: VapidKeyRow) -> OperatorSecret:
    return OperatorSecret(row.private_key, row.kek_id)
