"""A person's rows as plain values, out of one store and into another."""

import base64
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Integer,
    LargeBinary,
    insert,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.category import Held
from oo.store.database import Database
from oo.store.schema import CandidateColumns, UtcDateTime
from oo.store.sealing import SEALED, Stored, opened_rows, sealed_rows

WITHHELD = "withheld"  # in place of what no export has
PAGE = 200

Row = dict[str, Any]


async def rows(db: Database, held: Held, user_id: str) -> AsyncIterator[list[Row]]:
    """The person's rows of a table, a page at a time, each as plain values.

    Every page is read on its own, so that whoever takes them slowly holds up nobody.
    """
    key = list(held.table.primary_key)
    query = select(held.table).where(held.person == user_id).order_by(*key).limit(PAGE)
    page = query
    while True:
        async with db.read() as connection:
            found = (await connection.execute(page)).mappings().all()
            told = await _opened(connection, held, user_id, found)
        if found:
            yield [_plain(held, row) for row in told]
        if len(found) < PAGE:
            return
        last = [found[-1][column.name] for column in key]
        page = query.where(tuple_(*key) > tuple_(*last))


async def _opened(
    connection: AsyncConnection, held: Held, user_id: str, found: Sequence[Stored]
) -> Sequence[Stored]:
    if SEALED not in held.table.c:
        return found
    return await opened_rows(connection, held.table, user_id, found)


async def put(connection: AsyncConnection, held: Held, given: list[Row]) -> None:
    """Store rows that :func:`rows` told, without what was withheld; ValueError for a wrong one."""
    stored = [_stored(held, row) for row in given]
    if SEALED in held.table.c:
        stored = await sealed_rows(connection, held.table, stored)
    if stored:
        await connection.execute(insert(held.table), stored)


def schema(held: Held) -> dict[str, Any]:
    """What a row looks like, as JSON Schema."""
    properties = {f"{column.name}": _described(held, column) for column in held.columns}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _plain(held: Held, row: Stored) -> Row:
    return {
        f"{name}": _told(value) if name not in held.withheld else value and WITHHELD
        for name, value in row.items()
        if name != SEALED
    }


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _stored(held: Held, row: Row) -> Row:
    unknown = row.keys() - {column.name for column in held.columns}
    if unknown:
        raise ValueError(f"{held.name} has no {', '.join(sorted(unknown))}")
    return {
        column.name: None if column.name in held.withheld else _read(column, row[column.name])
        for column in held.columns
        if column.name in row and (column.name not in held.withheld or column.nullable)
    }


def _read(column: "Column[Any]", value: Any) -> Any:
    if value is None:
        return None
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, LargeBinary) else value


def _described(held: Held, column: "Column[Any]") -> dict[str, Any]:
    if column.name in held.withheld:
        return {"enum": [WITHHELD, None], "description": held.withheld[column.name]}
    kind = column.type
    if isinstance(kind, JSON | CandidateColumns):
        return {}
    described: dict[str, Any]
    if isinstance(kind, UtcDateTime):
        described = {"type": "string", "format": "date-time"}
    elif isinstance(kind, Date):
        described = {"type": "string", "format": "date"}
    elif isinstance(kind, LargeBinary):
        described = {"type": "string", "contentEncoding": "base64"}
    elif isinstance(kind, Boolean):
        described = {"type": "boolean"}
    elif isinstance(kind, Integer | BigInteger):
        described = {"type": "integer"}
    else:
        described = {"type": "number" if isinstance(kind, Float) else "string"}
    if column.nullable:
        described["type"] = [described["type"], "null"]
    return described
