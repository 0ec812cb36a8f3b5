"""Backups of the store: sealed, whole or refused, and never bringing an erased person back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from sqlalchemy import inspect

from oo.jobs.erasing import erase_again
from oo.kit.clock import Clock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import audit, copies
from oo.store.audit import Entry
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from oo.store.migrate import migrate
from oo.vault import sealed_files
from oo.vault.audit_head import AuditHead
from oo.vault.keyring import Keyring, load_keyring
from oo.vault.sealed_files import Tick

T = TypeVar("T")


class Restored(NamedTuple):
    """When the backup was made, and how many people it would have brought back."""

    made_at: str
    erased_again: int


class Backups:
    """Makes and restores backups of an installation, under the keys of `keyring`."""

    def __init__(self, settings: Settings, keyring: Keyring, clock: Clock, actor: str) -> None:
        self._settings = settings
        self._keyring = keyring
        self._clock = clock
        self._actor = actor
        self._folder = settings.data_dir.resolve()
        self._is_sqlite = Database.is_of_sqlite(settings.store_url)

    def make(self, file: Path, tick: Tick) -> int:
        """Copy the store as of now into a new sealed file and read it again; its size in bytes.

        oO may go on running. Raises ConfigurationError when it cannot be done; there is no file
        then.
        """
        made_at, url = self._clock.now(), self._settings.store_url
        header = {"store": self._kind(), "made_at": made_at.isoformat(timespec="seconds")}
        data = copies.dump(url, self._folder)
        sealed_files.write(file, self._keyring, header, data, tick)
        try:
            sealed_files.verify(file, self._keyring, lambda _: None)
        except ConfigurationError:
            file.unlink()
            raise
        ErasureLog(self._folder).touch()
        _with(url, lambda db: self._note(db, "store.backup", {"file": file.name}))
        return file.stat().st_size

    def verify(self, file: Path, tick: Tick) -> str:
        """When the backup was made; raises ConfigurationError unless it is whole."""
        header = sealed_files.read_header(file)
        if header.get("store") != self._kind():
            raise ConfigurationError(
                f"{file} is a backup of {header.get('store')}, and this store is {self._kind()}."
            )
        sealed_files.verify(file, self._keyring, tick)
        return str(header["made_at"])

    def restore(self, file: Path, erased: ErasureLog, replace: bool, tick: Tick) -> Restored:
        """Make the store what the backup holds, without people who were erased since.

        Raises ConfigurationError, with nothing changed, if the backup is not whole, or if there is
        a store already that is not to be replaced.
        """
        self._audit_head().read()  # raises without a master key, and if the head was altered
        made_at = self.verify(file, tick)
        known = erased.read()
        if not replace and not self._is_empty():
            raise ConfigurationError(
                "There is a store already. --replace puts the backup in its place, for good."
            )
        data = sealed_files.read(file, self._keyring, tick)
        if self._is_sqlite:
            again = self._restore_sqlite(data, erased, made_at)
        else:
            copies.load_postgresql(self._settings.store_url, data, known.keys())
            again = _with(self._settings.store_url, lambda db: self._settle(db, erased, made_at))
        self._keep(erased)
        return Restored(made_at, again)

    def _restore_sqlite(self, data: Iterable[bytes], erased: ErasureLog, at: str) -> int:
        """All is done to a file aside: nobody is served from it before it is in its place."""
        target = copies.sqlite_file(self._settings.store_url)
        draft = target.with_name(f"{target.name}.restoring")
        beside = [draft.with_name(draft.name + end) for end in ("-wal", "-shm", ".writer")]
        try:
            copies.write_sqlite(draft, data)
            url = f"sqlite+aiosqlite:///{draft}"
            again = _with(url, lambda db: self._settle(db, erased, at))
            if beside[0].exists() and beside[0].stat().st_size:
                raise ConfigurationError(f"{draft} is in use: end what uses it.")
            for end in ("-wal", "-shm"):  # of the store before: they would be read as this one's
                target.with_name(target.name + end).unlink(missing_ok=True)
            draft.replace(target)
        finally:
            for leftover in (draft, *beside):
                leftover.unlink(missing_ok=True)
        return again

    async def _settle(self, db: Database, erased: ErasureLog, made_at: str) -> int:
        """What a restored store needs before it serves: this release's shape, and no one erased."""
        await migrate(db)
        again = await erase_again(db, self._clock, erased, self._actor)
        kept = self._audit_head()
        lost = kept.read()
        before: audit.Facts | None = {"number": lost.id, "hash": lost.hash} if lost else None
        after: audit.Facts = {"made_at": made_at, "erased_again": again}
        await self._note(db, "store.restore", after, before)
        async with db.read() as connection:
            kept.write(await audit.head(connection))
        return again

    async def _note(
        self, db: Database, action: str, after: audit.Facts, before: audit.Facts | None = None
    ) -> None:
        now = self._clock.now()
        async with db.write() as connection:
            entry = Entry(self._actor, action, "store", now, before=before, after=after)
            await audit.append(connection, entry)

    def _audit_head(self) -> AuditHead:
        return AuditHead(self._folder, load_keyring(self._settings, make=False))

    def _keep(self, erased: ErasureLog) -> None:
        """The next backup that is restored here is held against the same list."""
        own = ErasureLog(self._folder)
        own.touch()
        if own.path != erased.path:
            for one in erased.read().values():
                own.add(one)

    def _kind(self) -> str:
        return "sqlite" if self._is_sqlite else "postgresql"

    def _is_empty(self) -> bool:
        if self._is_sqlite:
            return not copies.sqlite_file(self._settings.store_url).exists()
        return _with(self._settings.store_url, _has_no_table)


async def _has_no_table(db: Database) -> bool:
    async with db.read() as connection:
        return not await connection.run_sync(lambda sync: inspect(sync).get_table_names())


def _with(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(url)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
