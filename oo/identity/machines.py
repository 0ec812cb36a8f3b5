"""Machines sign in by the operator's admin token, which they trade for one that ends soon."""

import hmac
import logging
import secrets
from datetime import datetime
from typing import NamedTuple

from oo.domain.roles import Role
from oo.identity.sessions import TOKEN_BYTES, hash_token
from oo.kit.clock import Clock
from oo.kit.errors import NotFound, Unauthorized
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.store import audit, machine_tokens
from oo.store.audit import Entry
from oo.store.database import Database
from oo.store.machine_tokens import MachineTokenRow

log = logging.getLogger(__name__)


class Issued(NamedTuple):
    """A token that was just made: the only time that anybody sees it."""

    id: str
    token: str
    expires_at: datetime


class Machines:
    """The tokens of machines."""

    def __init__(self, db: Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._admin_token = settings.admin_token.get_secret_value()
        self._lifetime = settings.limits.machine_token_life

    async def issue(self, given: str, name: str, role: Role) -> Issued:
        """Trade the admin token for one of this role that ends soon.

        Raises NotFound where the operator has set none, and Unauthorized for another one.
        """
        if not self._admin_token:
            raise NotFound("Machines do not sign in here: OO_ADMIN_TOKEN is not set.")
        # of digests, so that not even the length shows
        if not hmac.compare_digest(hash_token(given), hash_token(self._admin_token)):
            log.warning("a machine came with a wrong admin token")
            raise Unauthorized("That is not the admin token.")
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock.now()
        row = MachineTokenRow(new_id(self._clock), name, role, now, now + self._lifetime, None)
        told = {"name": name, "role": role.value, "expires_at": row.expires_at.isoformat()}
        async with self._db.write() as connection:
            await machine_tokens.add(connection, row, hash_token(token))
            whom = f"machine_token:{row.id}"
            entry = Entry("operator:admin_token", "machine_token.make", whom, now, after=told)
            await audit.append(connection, entry)
        return Issued(row.id, token, row.expires_at)

    async def of(self, token: str) -> MachineTokenRow:
        """The token, as long as it is good; raises Unauthorized otherwise."""
        async with self._db.read() as connection:
            found = await machine_tokens.find(connection, hash_token(token), self._clock.now())
        if found is None:
            raise Unauthorized("This token is over, or none of ours.")
        return found

    async def every(self) -> list[MachineTokenRow]:
        """All tokens, newest first, those that ended in the last weeks too."""
        async with self._db.read() as connection:
            return await machine_tokens.every(connection)

    async def revoke(self, actor: str, token_id: str) -> None:
        """End a token before its time; raises NotFound for one that is over or was never there."""
        now = self._clock.now()
        async with self._db.write() as connection:
            if not await machine_tokens.revoke(connection, token_id, now):
                raise NotFound("There is no such token, or it is over.")
            whom = f"machine_token:{token_id}"
            await audit.append(connection, Entry(actor, "machine_token.revoke", whom, now))
