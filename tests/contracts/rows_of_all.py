"""A row of a person in every table that there is, whatever its columns are."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.schema import CandidateColumns, UtcDateTime
from oo.store.sealing import SEALED, Stored, opened_rows, sealed_rows, words_of
from oo.store.tables import data_keys, metadata

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


async def fill_all(connection: AsyncConnection, user_id: str, each: int = 2) -> None:
    """Rows of this person in each table that has some of people, and what these refer to."""
    for table in metadata.sorted_tables:
        count = 1 if _is_single(table) else each
        rows = [
            {
                column.name: _value(column, user_id, number)
                for column in table.columns
                if not (column.autoincrement is True and column.primary_key)
            }
            for number in range(count)
        ]
        if table is data_keys:
            await words_of(connection, [user_id], make=True)  # a real one: words are sealed by it
            continue
        if SEALED in table.c:
            rows = await sealed_rows(connection, table, rows)
        await connection.execute(insert(table), rows)


async def all_rows(connection: AsyncConnection, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of the person in every table with its words, by the table's name."""
    found = {}
    for table in metadata.sorted_tables:
        person = table.c.id if table.name == "users" else table.c.get("user_id")
        if person is not None:
            query = select(table).where(person == user_id).order_by(*table.primary_key)
            rows: Sequence[Stored] = (await connection.execute(query)).mappings().all()
            if SEALED in table.c:
                rows = await opened_rows(connection, table, user_id, rows)
            found[table.name] = [
                {f"{name}": value for name, value in row.items() if name != SEALED} for row in rows
            ]
    return found


def _is_single(table: Table) -> bool:
    return table.name == "users" or [it.name for it in table.primary_key] == ["user_id"]


def _value(column: "Column[Any]", user_id: str, number: int) -> Any:
    if column.name == "user_id" or (column.table.name == "users" and column.name == "id"):
        return user_id
    if column.name == "deleted_at":
        return None
    for key in column.foreign_keys:
        return _value(key.column, user_id, number)
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return NOW + timedelta(seconds=number)
    if isinstance(kind, Date):
        return date(2026, 11, 21)
    if isinstance(kind, CandidateColumns):
        return {"a": [0.5, 0.25], "b": [1.0, 1.0]}
    if isinstance(kind, JSON):
        return {"=title": ["“é” 🙂", number]}
    if isinstance(kind, Boolean):
        return bool(number)
    if isinstance(kind, Integer):
        return number + 1
    if isinstance(kind, Float):
        return 0.1 + number
    if isinstance(kind, LargeBinary):
        return number.to_bytes(4) + b"\xff"
    return f"{user_id[:8]}-{number}-{column.name}"[: kind.length or 40]  # type: ignore[attr-defined]
