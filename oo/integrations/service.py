"""A person's integrations: connecting, reading on demand, finishing tasks, disconnecting."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import httpx2
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.signals import SOURCE_ERRORS, Connects, Reconnect
from oo.domain.tasks import Task
from oo.integrations.allowed import imply_kinds
from oo.integrations.beside import Planner
from oo.integrations.grants import Grants
from oo.integrations.imports import ImportResult, take_upload
from oo.integrations.overview import Integration, overview
from oo.integrations.reading import Reader
from oo.integrations.registry import ConfiguredSource, build_sources
from oo.integrations.undo import undo
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.kit.outgoing import outgoing_client
from oo.kit.settings import Settings
from oo.store import connections, forget, kinds, last_imports, outbox, tasks, users
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.database import Database
from oo.vault.keyring import Keyring, load_keyring
from oo.vault.service import Vault
from oo.vault.tokens import TokenSealer

log = logging.getLogger(__name__)

STATE_LIFETIME = timedelta(minutes=10)
UPLOAD_SOURCE = "file"


class ConnectStart(NamedTuple):
    """Where to send the browser, and the state that comes back with it."""

    url: str
    state: str


class Integrations:
    """All sources for all people; each is read at most every 30 seconds per person."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        keyring: Keyring,
        sources: Mapping[str, ConfiguredSource],
        clock: Clock,
        base_url: str,
    ) -> None:
        self._db = db
        self._sources = dict(sources)
        self._clock = clock
        self._base_url = base_url
        self._grants = Grants(db, vault, clock)
        self._states = TokenSealer(keyring, clock, "connect state", STATE_LIFETIME)
        self._planner = Planner(db)
        # a long list takes a second of the processor: one at a time, and the others wait
        self._import_turn = asyncio.Semaphore(1)
        self._reader = Reader(db, self._grants, self._sources, clock)

    @classmethod
    def of(
        cls,
        settings: Settings,
        db: Database,
        clock: Clock,
        http: httpx2.AsyncClient | None = None,
    ) -> "Integrations":
        """The integrations of an installation; without `http`, over a client of its own."""
        keyring = load_keyring(settings)
        sources = build_sources(settings, http or outgoing_client(settings.outgoing), clock)
        return cls(db, Vault(keyring, clock), keyring, sources, clock, settings.base_url)

    async def list_for(self, user_id: str) -> list[Integration]:
        """Every source, connected or not."""
        async with self._db.read() as connection:
            return await overview(connection, user_id, self._sources, self._clock.now())

    def redirect_uri(self, name: str) -> str:
        """Where the provider sends the browser back to."""
        return f"{self._base_url}/connect/{name}/callback"

    def start_connect(self, user_id: str, name: str) -> ConnectStart:
        """Begin to connect the source; nothing is stored until the person has consented."""
        source = self._connects(name)
        state = self._states.seal({"user_id": user_id, "source": name})
        return ConnectStart(source.authorize_url(state, self.redirect_uri(name)), state)

    async def finish_connect(self, user_id: str, name: str, code: str, state: str) -> None:
        """Trade the code for a grant and keep it sealed; then read the source once."""
        source = self._connects(name)
        if self._states.unseal(state) != {"user_id": user_id, "source": name}:
            raise BadRequest("This connection was started elsewhere or too long ago. Start again.")
        grant = await source.exchange(code, self.redirect_uri(name))
        async with self._db.write() as connection:
            await users.lock_one(connection, user_id)
            secret = await self._grants.sealed(connection, user_id, name, grant)
            before = await connections.get(connection, user_id, name)
            synced_at = before.synced_at if before else None
            account, now = grant.account[:320], self._clock.now()
            row = ConnectionRow(name, account, CONNECTED, secret, now, synced_at, None)
            await connections.put(connection, user_id, row)
            await imply_kinds(connection, user_id, self._configured(name).manifest, now)
            await outbox.hurry(connection, user_id, name)
            await outbox.tell(connection, user_id, outbox.SOURCE_CONNECTED, {"source": name}, now)
        self._reader.begin_anew(user_id, name)
        await self._sync_quietly(user_id, name)

    async def disconnect(self, user_id: str, name: str) -> None:
        """Erase the connection and all that the source told, whatever its provider says.

        Revoking the grant there is an errand, which keeps it sealed until it is done or given up.
        A source that is not connected is left as it is.
        """
        source = self._configured(name).source.connects
        async with self._db.write() as connection:
            await users.lock_alone(connection, user_id)
            row = await connections.get(connection, user_id, name)
            if row is None:
                return
            if source is not None and row.secret is not None:
                await self._ask_to_revoke(connection, user_id, name, row.secret)
            await connections.remove(connection, user_id, name)
            await kinds.remove_source(connection, user_id, name)
            told, now = {"source": name}, self._clock.now()
            await outbox.tell(connection, user_id, outbox.SOURCE_DISCONNECTED, told, now)
            await last_imports.remove(connection, user_id, name)
            await forget.what_was_said_of(connection, user_id, name)
            await users.note_change(connection, user_id, self._clock.now())
        self._reader.begin_anew(user_id, name)

    async def revoke(self, user_id: str, name: str, secret: bytes) -> None:
        """See :class:`oo.domain.ports.RevokesGrants`."""
        configured = self._sources.get(name)
        source = configured.source.connects if configured else None
        if source is None:
            return
        try:
            async with self._db.read() as connection:
                grant = await self._grants.unsealed(connection, user_id, name, secret)
            await source.revoke(grant)
        except Reconnect:
            return  # a grant that cannot be read, or has run out, cannot be used by anyone

    async def open_tasks(self, user_id: str) -> list[Task]:
        """The person's open tasks, read again from sources that were not read just now.

        A source that fails leaves what was stored; the connection then says what is wrong.
        """
        async with self._db.read() as connection:
            rows = await connections.list_for(connection, user_id)
        await asyncio.gather(
            *(self._sync_quietly(user_id, row.source) for row in rows if row.status == CONNECTED)
        )
        async with self._db.read() as connection:
            return await tasks.list_open(connection, user_id)

    async def sync(self, user_id: str) -> bool:
        """Read all connected sources now; whether anything changed.

        Every source is read; then the first failure is raised. One that has just failed is not
        asked again before its time.
        """
        async with self._db.read() as connection:
            rows = await connections.list_for(connection, user_id)
        changed, failures = False, []
        for row in rows:
            self._reader.is_stale(user_id, row.source)
            try:
                changed |= await self._reader.read(user_id, row.source)
            except SOURCE_ERRORS as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return changed

    async def complete(
        self,
        user_id: str,
        task_id: str,
        *,
        due: date | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """See :class:`oo.domain.ports.ClosesTasks`."""
        async with self._db.read() as connection:
            stored = await tasks.get(connection, user_id, task_id)
        if stored is None or stored.completed_at is None:
            return False
        task = stored.task
        is_turn_known = due is not None or due_at is not None
        if task.recurring and is_turn_known and (task.due, task.due_at) != (due, due_at):
            return False
        await self._reader.close(user_id, task)
        return True

    async def import_file(
        self,
        user_id: str,
        filename: str,
        data: bytes,
        name: str = UPLOAD_SOURCE,
        charset: str | None = None,
    ) -> ImportResult:
        """Take what is in an upload; a later version of the same file updates it."""
        configured = self._configured(name)
        async with self._import_turn:
            return await take_upload(
                self._db,
                self._clock,
                configured,
                user_id,
                filename,
                data,
                charset,
                self._planner,
            )

    async def undo_import(self, user_id: str, name: str = UPLOAD_SOURCE) -> int:
        """Make what the source holds what it was before its last import; how much changed.

        Raises Gone when its time is over, Conflict when something has built on it.
        """
        self._configured(name)
        return await undo(self._db, self._clock, user_id, name)

    async def _sync_quietly(self, user_id: str, name: str) -> None:
        try:
            await self._reader.read(user_id, name)
        except SOURCE_ERRORS as error:
            log.warning("source %s failed: %s", name, error.code)

    async def _ask_to_revoke(
        self, connection: AsyncConnection, user_id: str, name: str, secret: bytes
    ) -> None:
        errand = {
            "user_id": user_id,
            "subject": outbox.REVOKE_GRANT,
            "payload": outbox.revoke_grant(name, secret),
            "created_at": self._clock.now(),
        }
        await outbox.put(connection, [errand])

    def _configured(self, name: str) -> ConfiguredSource:
        if name not in self._sources:
            raise NotFound(f"There is no source named {name[:40]!r}.")
        return self._sources[name]

    def _connects(self, name: str) -> Connects:
        source = self._configured(name).source.connects
        if source is None:
            raise Conflict("This source is connected by a file.")
        return source
