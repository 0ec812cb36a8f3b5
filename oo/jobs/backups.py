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
from oo.store import audit, copies, data_keys, erasures
from oo.store.audit import Entry
from oo.store.data_keys import DataKeyRow
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from oo.store.key_copies import FILE_NAME as KEY_COPY
from oo.store.key_copies import KeyCopy
from oo.store.migrate import migrate
from oo.vault import sealed_files
from oo.vault.audit_head import AuditHead
from oo.vault.keyring import Keyring, load_keyring
from oo.vault.sealed_files import Tick

T = TypeVar("T")
APART = "apart"  # in the header: the backup has no data keys
LOST = "The stored connection was lost. Connect it again."


class Restored(NamedTuple):
    """When the backup was made, and how many people it would have brought back.

    `unreadable` people have no data key any more: what of them was sealed is erased.
    """

    made_at: str
    erased_again: int
    unreadable: int = 0


class _Settled(NamedTuple):
    erased_again: int
    unreadable: int


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
        header = {
            "store": self._kind(),
            "made_at": made_at.isoformat(timespec="seconds"),
            "data_keys": APART,
        }
        data = copies.dump(url, self._folder)
        sealed_files.write(file, self._keyring, header, data, tick)
        try:
            sealed_files.verify(file, self._keyring, lambda _: None)
        except ConfigurationError:
            file.unlink()
            raise
        ErasureLog(self._folder).touch()
        self._open(lambda db: self._note(db, "store.backup", {"file": file.name}))
        self._open(self._copy_keys)
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

    def restore(
        self,
        file: Path,
        erased: ErasureLog,
        replace: bool,
        tick: Tick,
        keys: KeyCopy | None = None,
        *,
        without_keys: bool = False,
    ) -> Restored:
        """Make the store what the backup holds, without people who were erased since.

        People's data keys are those of the store that is replaced, and those of `keys`. Raises
        ConfigurationError, with nothing changed, if the backup is not whole, if there is a store
        already that is not to be replaced, or if there are no data keys and nobody said so.
        """
        self._audit_head().read()  # raises without a master key, and if the head was altered
        made_at = self.verify(file, tick)
        known = erased.read()
        if not replace and not self._is_empty():
            raise ConfigurationError(
                "There is a store already. --replace puts the backup in its place, for good."
            )
        copy = keys or KeyCopy(self._folder)
        known_keys = self._known_keys(copy)
        has_own = sealed_files.read_header(file).get("data_keys") != APART
        if not (known_keys or copy.exists() or has_own or without_keys):
            raise ConfigurationError(
                f"There is no {KEY_COPY}, which has people's data keys: without it nobody's words"
                " can be read. Copy it from the data folder of before, or say --without-keys to"
                " have all words erased."
            )
        data = sealed_files.read(file, self._keyring, tick)
        if self._is_sqlite:
            settled = self._restore_sqlite(data, erased, made_at, known_keys)
        else:
            copies.load_postgresql(self._settings.store_url, data, known.keys())
            settled = self._open(lambda db: self._settle(db, erased, made_at, known_keys))
        self._keep(erased)
        self._open(self._copy_keys)
        return Restored(made_at, *settled)

    def erase_again(self, erased: ErasureLog) -> int:
        """Erase whoever the list says was erased, in a store that other means have put back.

        Those are the database's own, which know no list. How many people that was.
        """
        at = self._clock.now().isoformat(timespec="seconds")
        done = self._open(lambda db: self._settle(db, erased, at, {}))
        self._keep(erased)
        return done.erased_again

    def _known_keys(self, copy: KeyCopy) -> dict[str, DataKeyRow]:
        """Data keys that are still there: those of the store of before count first."""
        live = [] if self._is_empty() else self._open(_live_keys)
        return {**copy.read(), **{row.user_id: row for row in live}}

    async def _copy_keys(self, db: Database) -> None:
        async with db.read() as connection:
            KeyCopy(self._folder).write(await data_keys.every(connection))

    def _restore_sqlite(
        self, data: Iterable[bytes], erased: ErasureLog, at: str, keys: dict[str, DataKeyRow]
    ) -> _Settled:
        """All is done to a file aside: nobody is served from it before it is in its place."""
        target = copies.sqlite_file(self._settings.store_url)
        draft = target.with_name(f"{target.name}.restoring")
        beside = [draft.with_name(draft.name + end) for end in ("-wal", "-shm", ".writer")]
        try:
            copies.write_sqlite(draft, data)
            url = f"sqlite+aiosqlite:///{draft}"
            settled = _with(url, lambda db: self._settle(db, erased, at, keys))
            if beside[0].exists() and beside[0].stat().st_size:
                raise ConfigurationError(f"{draft} is in use: end what uses it.")
            for end in ("-wal", "-shm"):  # of the store before: they would be read as this one's
                target.with_name(target.name + end).unlink(missing_ok=True)
            draft.replace(target)
        finally:
            for leftover in (draft, *beside):
                leftover.unlink(missing_ok=True)
        return settled

    async def _settle(
        self, db: Database, erased: ErasureLog, made_at: str, keys: dict[str, DataKeyRow]
    ) -> _Settled:
        """What a restored store needs before it serves: this release's shape, and no one erased."""
        await migrate(db)
        async with db.write() as connection:
            for user_id in await erasures.every_person(connection):
                if user_id in keys:
                    await data_keys.add(connection, keys[user_id], self._clock.now())
        again = await erase_again(db, self._clock, erased, self._actor)
        async with db.write() as connection:
            keyless = await data_keys.lacking(connection)
            await data_keys.abandon(connection, keyless, LOST)
        kept = self._audit_head()
        lost = kept.read()
        before: audit.Facts | None = {"number": lost.id, "hash": lost.hash} if lost else None
        after: audit.Facts = {"made_at": made_at, "erased_again": again, "unreadable": len(keyless)}
        await self._note(db, "store.restore", after, before)
        async with db.read() as connection:
            kept.write(await audit.head(connection))
        return _Settled(again, len(keyless))

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
            own.add_all(erased.read().values())

    def _kind(self) -> str:
        return "sqlite" if self._is_sqlite else "postgresql"

    def _is_empty(self) -> bool:
        if self._is_sqlite:
            return not copies.sqlite_file(self._settings.store_url).exists()
        return self._open(_has_no_table)

    def _open(self, work: Callable[[Database], Awaitable[T]]) -> T:
        return _with(self._settings.store_url, work)


async def _has_no_table(db: Database) -> bool:
    async with db.read() as connection:
        return not await connection.run_sync(lambda sync: inspect(sync).get_table_names())


async def _live_keys(db: Database) -> list[DataKeyRow]:
    async with db.read() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        return await data_keys.every(connection) if copies.KEYS in names else []


def _with(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(url)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
