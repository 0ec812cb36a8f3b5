"""Grants at rest and in use: sealed in the store, refreshed one at a time."""

import asyncio
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import Connects, Grant, Reconnect
from oo.kit.clock import Clock
from oo.store import connections
from oo.store.database import Database
from oo.vault.seal import SealError
from oo.vault.service import Vault

EARLY = timedelta(seconds=60)  # a token about to run out is refreshed before it is refused


class Grants:
    """Reads and writes people's grants through the vault."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def sealed(
        self, connection: AsyncConnection, user_id: str, source: str, grant: Grant
    ) -> bytes:
        """The grant as it is stored."""
        return await self._vault.seal(connection, user_id, _purpose(source), _encode(grant))

    async def load(self, connection: AsyncConnection, user_id: str, source: str) -> Grant:
        """The stored grant; raises Reconnect when there is none that can be read."""
        row = await connections.get(connection, user_id, source)
        if row is None or row.secret is None:
            raise Reconnect("This source is not connected.")
        return await self.unsealed(connection, user_id, source, row.secret)

    async def unsealed(
        self, connection: AsyncConnection, user_id: str, source: str, secret: bytes
    ) -> Grant:
        """The inverse of :meth:`sealed`; raises Reconnect when it cannot be read."""
        try:
            return _decode(await self._vault.open(connection, user_id, _purpose(source), secret))
        except SealError as error:
            raise Reconnect("The stored connection cannot be read. Connect it again.") from error

    def access(self, user_id: str, name: str, source: Connects) -> "GrantAccess":
        """The right to call `source` for the person."""
        lock = self._locks.setdefault((user_id, name), asyncio.Lock())
        return GrantAccess(self, lock, user_id, name, source)

    async def current(self, user_id: str, source: str) -> Grant:
        """The stored grant, read in a connection of its own."""
        async with self._db.read() as connection:
            return await self.load(connection, user_id, source)

    def runs_out(self, grant: Grant) -> bool:
        """Whether the access token ends about now."""
        return grant.expires_at is not None and grant.expires_at - EARLY <= self._clock.now()

    async def keep(self, user_id: str, source: str, fresh: Grant, used: str) -> Grant:
        """Store what a refresh with the token `used` gave; returns what is in force.

        A provider answers a repeated refresh without a refresh token: the stored one, which may
        have been rotated by another process meanwhile, then stays.
        """
        async with self._db.write() as connection:
            stored = await self.load(connection, user_id, source)
            merged = Grant(
                fresh.access_token,
                fresh.refresh_token or stored.refresh_token or used,
                fresh.expires_at,
                fresh.account or stored.account,
            )
            secret = await self.sealed(connection, user_id, source, merged)
            await connections.set_secret(connection, user_id, source, secret)
        return merged


class GrantAccess:
    """:class:`oo.domain.signals.Access` over a stored grant."""

    def __init__(
        self, grants: Grants, lock: asyncio.Lock, user_id: str, name: str, source: Connects
    ) -> None:
        self._grants = grants
        self._lock = lock
        self._user_id = user_id
        self._name = name
        self._source = source

    async def token(self, rejected: str | None = None) -> str:
        grant = await self._grants.current(self._user_id, self._name)
        if not self._is_stale(grant, rejected):
            return grant.access_token
        # a request that is given up must not lose a token that the provider has rotated
        return await asyncio.shield(asyncio.ensure_future(self._refreshed(rejected)))

    def _is_stale(self, grant: Grant, rejected: str | None) -> bool:
        return grant.access_token == rejected or self._grants.runs_out(grant)

    async def _refreshed(self, rejected: str | None) -> str:
        async with self._lock:
            grant = await self._grants.current(self._user_id, self._name)
            if not self._is_stale(grant, rejected):
                return grant.access_token
            used = grant.refresh_token
            if used is None:
                raise Reconnect("The connection has run out. Connect it again.")
            try:
                fresh = await self._source.refresh(used)
            except Reconnect:
                # another process may have used the token first and stored what it got
                grant = await self._grants.current(self._user_id, self._name)
                if grant.refresh_token == used:
                    raise
                return grant.access_token
            kept = await self._grants.keep(self._user_id, self._name, fresh, used)
            return kept.access_token


def _purpose(source: str) -> str:
    return f"grant {source}"


def _encode(grant: Grant) -> bytes:
    return orjson.dumps(
        {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
            "account": grant.account,
        }
    )


def _decode(data: bytes) -> Grant:
    body = orjson.loads(data)
    expires_at = body["expires_at"]
    return Grant(
        body["access_token"],
        body["refresh_token"],
        datetime.fromisoformat(expires_at) if expires_at else None,
        body["account"],
    )
