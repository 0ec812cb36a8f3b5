"""SQLite without a thread per connection: statements run inline, commits in a worker thread.

A statement on a local file takes microseconds; handing it to a thread and back costs ten times
that, per statement. Only a commit waits for the disk, so only commits leave the event loop. The
class speaks the part of aiosqlite's interface that SQLAlchemy's dialect uses.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from oo.kit.finish import finished


class InlineCursor:
    """A cursor whose methods are coroutines that never wait."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> "InlineCursor":
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    @property
    def arraysize(self) -> int:
        return self._cursor.arraysize

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._cursor.arraysize = value

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> "InlineCursor":
        self._cursor.execute(statement, parameters)
        return self

    async def executemany(
        self, statement: str, parameters: Iterable[Sequence[Any]]
    ) -> "InlineCursor":
        self._cursor.executemany(statement, parameters)
        return self

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        return self._cursor.fetchmany(self._cursor.arraysize if size is None else size)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


class _Inline:
    """Stands where aiosqlite has the queue of its thread: what is put there runs at once."""

    def put_nowait(self, work: "tuple[asyncio.Future[Any], Callable[[], Any]]") -> None:
        future, function = work
        future.set_result(function())


class InlineConnection:
    """One connection, used by one task at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._conn = connection
        self._connection: sqlite3.Connection | None = connection
        self._tx = _Inline()

    @property
    def isolation_level(self) -> str | None:
        return self._conn.isolation_level

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's connection."""
        return self._conn

    def cursor(self) -> InlineCursor:
        return InlineCursor(self._conn.cursor())

    async def create_function(
        self, name: str, narg: int, function: Callable[..., Any], deterministic: bool = False
    ) -> None:
        self._conn.create_function(name, narg, function, deterministic=deterministic)

    async def commit(self) -> None:
        if self._conn.in_transaction:
            await finished(asyncio.to_thread(self._conn.commit))

    async def rollback(self) -> None:
        self._conn.rollback()

    async def close(self) -> None:
        self._connection = None
        self._conn.close()

    def stop(self) -> None:
        self._connection = None
        self._conn.close()


async def connect(path: str) -> InlineConnection:
    """Open the database file at `path`."""
    return InlineConnection(sqlite3.connect(path, check_same_thread=False, cached_statements=512))
