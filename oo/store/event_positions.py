"""How far each reader of the events is; nobody writes the row of another."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import event_consumers
from oo.store.upsert import insert_into


class Position(NamedTuple):
    """The last number that a reader has dealt with, and what else it must remember."""

    position: int
    state: dict[str, Any]


async def get(connection: AsyncConnection, name: str) -> Position | None:
    """Where the reader is; None if it has never been here."""
    c = event_consumers.c
    row = (await connection.execute(select(c.position, c.state).where(c.name == name))).first()
    return Position(row.position, row.state) if row else None


async def begin(
    connection: AsyncConnection, name: str, position: int, now: datetime, state: dict[str, Any]
) -> Position:
    """Where the reader is, locked until the transaction ends; it begins at `position`."""
    row = {"name": name, "position": position, "state": state, "updated_at": now}
    await connection.execute(
        insert_into(connection, event_consumers).values(row).on_conflict_do_nothing()
    )
    c = event_consumers.c
    query = select(c.position, c.state).where(c.name == name).with_for_update()
    found = (await connection.execute(query)).one()
    return Position(found.position, found.state)


async def move(
    connection: AsyncConnection, name: str, position: int, state: dict[str, Any], now: datetime
) -> None:
    """The reader has dealt with everything up to `position`."""
    await connection.execute(
        update(event_consumers)
        .where(event_consumers.c.name == name)
        .values(position=position, state=state, updated_at=now)
    )


async def every(connection: AsyncConnection) -> dict[str, Position]:
    """All readers by name."""
    c = event_consumers.c
    query = select(c.name, c.position, c.state).order_by(c.name)
    return {row.name: Position(row.position, row.state) for row in await connection.execute(query)}
