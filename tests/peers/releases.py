"""Stores as earlier releases left them, made by their own code; frozen in `tests/releases`."""

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.schema import UtcDateTime

FOLDER = Path(__file__).parents[1] / "releases"
RELEASES = sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.glob("*.jsonl.gz"))
# numbers that were given do not move what gives the next one
COUNT_ON = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"
MASTER_KEY = bytes(range(32))  # of the key-encryption key `frozen`, which sealed their grants


class FrozenRow(NamedTuple):
    """One row, by the names that its release had."""

    table: str
    values: dict[str, Any]


class Frozen(NamedTuple):
    """The rows of a store, parents before children, and the revision of its schema."""

    revision: str
    rows: list[FrozenRow]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return sum(row.table == table for row in self.rows)


def load(release: str) -> Frozen:
    """What `release` left."""
    with gzip.open(FOLDER / f"{release}.jsonl.gz", "rt", encoding="utf-8") as lines:
        header = json.loads(next(lines))
        rows = [json.loads(line) for line in lines]
    return Frozen(header["revision"], [FrozenRow(it["table"], _values(it["row"])) for it in rows])


async def restore(db: Database, frozen: Frozen) -> None:
    """Put the rows into an empty store of their own schema, then migrate it to this release's."""
    await put(db, frozen)
    await migrate(db)


async def put(db: Database, frozen: Frozen) -> None:
    """Put the rows into an empty store of their own schema."""
    await migrate(db, frozen.revision)
    async with db.write() as connection:
        for table, rows in _by_table(frozen.rows):
            await connection.execute(sa.insert(table), rows)
            if not db.is_sqlite and isinstance(rows[0].get("id"), int):
                last = {"name": table.name, "last": max(row["id"] for row in rows)}
                await connection.execute(sa.text(COUNT_ON), last)


def _by_table(rows: list[FrozenRow]) -> Iterator[tuple[sa.TableClause, list[dict[str, Any]]]]:
    for name in dict.fromkeys(row.table for row in rows):
        own = [row.values for row in rows if row.table == name]
        yield sa.table(name, *(_column(key, own) for key in own[0])), own


def _column(name: str, rows: list[dict[str, Any]]) -> "sa.ColumnClause[Any]":
    """A column typed by what is in it: the declared tables are of this release, not of theirs."""
    value = next((row[name] for row in rows if row[name] is not None), None)
    match value:
        case datetime():
            return sa.column(name, UtcDateTime)
        case date():
            return sa.column(name, sa.Date)
        case bytes():
            return sa.column(name, sa.LargeBinary)
        case dict() | list():
            return sa.column(name, sa.JSON)
        case _:
            return sa.column(name)


def _values(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    match value:
        case {"bytes": str(text)} if len(value) == 1:
            return base64.b64decode(text)
        case {"at": str(text)} if len(value) == 1:
            return datetime.fromisoformat(text)
        case {"day": str(text)} if len(value) == 1:
            return date.fromisoformat(text)
        case _:
            return value
