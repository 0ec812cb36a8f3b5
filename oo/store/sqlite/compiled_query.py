"""What every request runs: compiled once, and on SQLite run without SQLAlchemy's engine.

Checking out a connection and executing a statement costs SQLAlchemy some 400 µs of CPU, the query
itself 10 µs on a local file.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Table, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url

from oo.store.database import BUSY_TIMEOUT_MS, Database, json_of
from oo.store.sqlite.driver import InlineConnection


class CompiledQuery:
    """One `SELECT` with named parameters."""

    def __init__(self, db: Database, statement: Select[Any]) -> None:
        self._db = db
        self._statement = statement
        self._connection: sqlite3.Connection | None = None
        if not db.is_sqlite:
            return
        dialect = sqlite.dialect(paramstyle="named")
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._into = {
            name: process
            for name, bind in compiled.binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }
        self._out = [
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        ]

    async def one(self, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The row for these parameters, if there is one."""
        if not self._db.is_sqlite:
            async with self._db.read() as connection:
                found = (await connection.execute(self._statement, dict(parameters))).first()
            return tuple(found) if found else None
        row = self._run(parameters).fetchone()
        return None if row is None else self._read(row)

    async def all(self, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows for these parameters."""
        if not self._db.is_sqlite:
            async with self._db.read() as connection:
                found = (await connection.execute(self._statement, dict(parameters))).all()
            return [tuple(row) for row in found]
        return [self._read(row) for row in self._run(parameters)]

    def _run(self, parameters: Mapping[str, Any]) -> sqlite3.Cursor:
        if self._connection is None:
            self._connection = self._connect()
        bound = {
            name: self._into[name](value) if name in self._into else value
            for name, value in parameters.items()
        }
        return self._connection.execute(self._sql, bound)

    def _read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            process(value) if process else value
            for process, value in zip(self._out, row, strict=True)
        )

    def _connect(self) -> sqlite3.Connection:
        path = make_url(self._db.url).database
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        return connection


class CompiledInsert:
    """One `INSERT` of rows that name these columns, for :meth:`Database.write_inline`."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        dialect = sqlite.dialect(paramstyle="qmark", json_serializer=json_of)
        compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
        self._sql = str(compiled)
        self._into = [
            (name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]

    async def run(self, connection: InlineConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows."""
        await connection.executemany(self._sql, [tuple(self._bound(row)) for row in rows])

    def _bound(self, row: Mapping[str, Any]) -> Iterator[Any]:
        for name, process in self._into:
            yield process(row[name]) if process else row[name]
