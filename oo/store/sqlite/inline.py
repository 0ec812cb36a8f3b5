"""A connection to SQLite for the statements of every request, without SQLAlchemy's engine."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.sql.base import Executable

from oo.store.sqlite.prepared import DIALECT, Parameters, Prepared, prepare


class InlineResult:
    """What a statement found or did, in the words of SQLAlchemy's results."""

    def __init__(self, prepared: Prepared, cursor: sqlite3.Cursor) -> None:
        self.rowcount = cursor.rowcount
        self._rows = prepared.read(cursor)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def mappings(self) -> Iterator[Mapping[str, Any]]:
        """The rows by the names of their columns."""
        return (row._asdict() for row in self._rows)

    def all(self) -> list[Any]:
        """All rows."""
        return self._rows

    def first(self) -> Any | None:
        """The first row, if there is one."""
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """The only row; raises ValueError where there is none or another."""
        (row,) = self._rows
        return row


class Inline:
    """Executes statements that are built once, at once: whoever calls it holds the loop."""

    dialect = DIALECT

    def __init__(self, connection: sqlite3.Connection, sealer: Any = None) -> None:
        self._connection = connection
        self.sealer = sealer  # see oo.store.sealing

    async def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] = ()
    ) -> InlineResult:
        """As SQLAlchemy's connection does, for one row of parameters or for several."""
        if not parameters:
            parameters = {}
        if isinstance(parameters, Mapping):
            prepared, told = prepare(statement, parameters)
            cursor = self._connection.execute(prepared.sql, prepared.bound(told))
        else:
            prepared, _ = prepare(statement, parameters[0])
            if prepared.lists:
                raise ValueError("a statement with lists is run for one row at a time")
            rows = [prepared.bound(row) for row in parameters]
            cursor = self._connection.executemany(prepared.sql, rows)
        return InlineResult(prepared, cursor)
