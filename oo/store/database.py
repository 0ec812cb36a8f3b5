"""One asynchronous path to SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from oo.kit import tracing
from oo.store.failures import store_is_away
from oo.store.sealing import OPTION, Sealer
from oo.store.silence import notice_silence
from oo.store.sqlite.driver import InlineConnection, connect
from oo.store.sqlite.inline import Inline
from oo.store.sqlite.lock import WriterLock
from oo.store.sqlite.prepared import json_of

BUSY_TIMEOUT_MS = 10_000
PURGE_ROWS = 500  # what one purge deletes at most, so that nobody waits for it
# spans, and the parts of a transaction's
READ, TRANSACTION = "db.read", "db.transaction"
TURN, STATEMENTS, COMMIT = "turn", "statements", "COMMIT"

Hot = AsyncConnection | Inline


class Database:
    """Reads on a pool of connections; writes one after the other, each an explicit transaction.

    `url` is an SQLAlchemy address: ``sqlite+aiosqlite:///PATH`` or ``postgresql+asyncpg://…``.
    `sealer` is the vault; without one, words of people can be neither read nor written.
    Acknowledged commits survive a power cut (SQLite `synchronous=FULL`, PostgreSQL defaults);
    without `lasting` an SQLite store may be lost whole to one, for what can be made again.
    """

    def __init__(self, url: str, sealer: Sealer | None = None, *, lasting: bool = True) -> None:
        self.url = url
        self.sealer = sealer
        self.is_sqlite = self.is_of_sqlite(url)
        self._system = {"db.system.name": "sqlite" if self.is_sqlite else "postgresql"}
        options: dict[str, Any] = {
            "json_serializer": json_of,
            "json_deserializer": orjson.loads,
            "execution_options": {OPTION: sealer},
        }
        self._synchronous = "FULL" if lasting else "OFF"
        self._lock: WriterLock | None = None
        self._hot_reader: InlineConnection | None = None
        self._hot_writer: InlineConnection | None = None
        self._write_failed = False
        self._reader: AsyncEngine
        self._writer: AsyncEngine
        self._looker: AsyncEngine | None = None
        if not self.is_sqlite:
            pooled: dict[str, Any] = {"pool_size": 4, "pool_pre_ping": True, **options}
            self._writer = create_async_engine(url, max_overflow=6, **pooled)
            self._reader = self._writer
            # of a request's round trips to PostgreSQL, half were for beginning and ending reads
            looking = {"isolation_level": "AUTOCOMMIT", "max_overflow": 4, **pooled}
            self._looker = create_async_engine(url, **looking)
            for engine in (self._writer, self._looker):
                notice_silence(engine)
            return
        path = make_url(url).database
        if not path or path == ":memory:":
            raise ValueError("SQLite needs a file: several processes share it")
        self._lock = WriterLock(Path(path))
        pool: dict[str, Any] = {
            "poolclass": AsyncAdaptedQueuePool,
            "async_creator": partial(connect, path),
            **options,
        }
        self._reader = create_async_engine(url, pool_size=4, isolation_level="AUTOCOMMIT", **pool)
        self._writer = create_async_engine(url, pool_size=1, max_overflow=0, **pool)
        event.listen(self._reader.sync_engine, "connect", _prepare_sqlite)
        event.listen(self._writer.sync_engine, "connect", self._prepare_writer)
        event.listen(self._writer.sync_engine, "begin", _begin_immediate)

    @staticmethod
    def is_of_sqlite(url: str) -> bool:
        """Whether the address is one of SQLite."""
        return make_url(url).get_backend_name() == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; what it sees is committed."""
        with tracing.timed(READ, self._system):
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with tracing.timed(TRANSACTION, self._system) as whole:
            async with self._turn():
                whole.part(TURN)
                async with self._writer.begin() as connection:
                    yield connection
                    whole.part(STATEMENTS)
                whole.part(COMMIT)

    @asynccontextmanager
    async def read_hot(self) -> AsyncIterator[Hot]:
        """As :meth:`read`, for statements that are built once and run for every request.

        Each sees what is committed when it runs; rows cannot be streamed.
        """
        with tracing.timed(READ, self._system):
            if self._looker is None:
                if self._hot_reader is None:
                    self._hot_reader = await self._connect_hot()
                yield Inline(self._hot_reader.raw, self.sealer)
            else:
                async with self._looker.connect() as connection:
                    yield connection

    @asynccontextmanager
    async def write_hot(self) -> AsyncIterator[Hot]:
        """As :meth:`write`, for statements that are built once and run for every request.

        SQLAlchemy's begin, insert and commit of a dozen decisions cost 2.4 ms of CPU, these .7.
        """
        if not self.is_sqlite:
            async with self.write() as connection:
                yield connection
            return
        with tracing.timed(TRANSACTION, self._system) as whole:
            async with self._turn():
                whole.part(TURN)
                if self._hot_writer is None:
                    self._hot_writer = await self._connect_hot()
                own = self._hot_writer
                own.raw.execute("BEGIN IMMEDIATE")
                try:
                    yield Inline(own.raw, self.sealer)
                    whole.part(STATEMENTS)
                    await own.commit()
                    whole.part(COMMIT)
                except BaseException:
                    await own.rollback()
                    raise

    async def _connect_hot(self) -> InlineConnection:
        connection = await connect(make_url(self.url).database or "")
        self._prepare_writer(connection.raw, None)
        return connection

    def _prepare_writer(self, connection: Any, record: object) -> None:
        _prepare_sqlite_writer(connection, record)
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous={self._synchronous}")
        cursor.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One writer's turn; what became of it is remembered for :meth:`probe`."""
        try:
            async with self._lock.held() if self._lock else nullcontext():
                yield
        except Exception as error:
            self._write_failed = self._write_failed or store_is_away(error)
            raise
        self._write_failed = False

    async def probe(self) -> None:
        """Raise what keeps the store from being read or written; a disk that is full does not show
        in queries.

        Writes a few bytes; after a write that failed, as much as a transaction needs.
        """
        sqlite = ["PRAGMA user_version = 0"]
        if self._write_failed:
            sqlite += [
                "CREATE TABLE probe (filling BLOB)",
                "INSERT INTO probe VALUES (zeroblob(65536))",
                "DROP TABLE probe",
            ]
        # a transaction with a number is written to the log, and refused where nothing may be
        statements = sqlite if self.is_sqlite else ["SELECT pg_current_xact_id()"]
        async with self.write() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)

    async def close(self) -> None:
        """End all connections."""
        await self._reader.dispose()
        await self._writer.dispose()
        if self._looker is not None:
            await self._looker.dispose()
        for hot in (self._hot_reader, self._hot_writer):
            if hot is not None:
                await hot.close()
        self._hot_reader = self._hot_writer = None
        if self._lock is not None:
            self._lock.close()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare_sqlite_writer(connection: Any, record: object) -> None:
    # transactions are ours to begin (see _begin_immediate), not the driver's
    connection.isolation_level = None
    _prepare_sqlite(connection, record)


def _begin_immediate(connection: Connection) -> None:
    # a deferred transaction that turns into a write can fail with SQLITE_BUSY at once
    connection.exec_driver_sql("BEGIN IMMEDIATE")
