"""How far each reader of the events is; nobody writes the row of another."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import Hot
from oo.store.tables import event_consumers
from oo.store.upsert import adding


class Position(NamedTuple):
    """The last number that a reader has dealt with, and what else it must remember."""

    position: int
    state: dict[str, Any]


_c = event_consumers.c
_GET = select(_c.position, _c.state).where(_c.name == bindparam("reader"))
_LOCK = _GET.with_for_update()
_MOVE = (
    update(event_consumers)
    .where(_c.name == bindparam("reader"))
    .values(
        position=bindparam("position"), state=bindparam("state"), updated_at=bindparam("updated_at")
    )
)


async def get(connection: Hot, name: str) -> Position | None:
    """Where the reader is; None if it has never been here."""
    row = (await connection.execute(_GET, {"reader": name})).first()
    return None if row is None else Position(*row)


async def begin(
    connection: Hot, name: str, position: int, now: datetime, state: dict[str, Any]
) -> Position:
    """Where the reader is, locked until the transaction ends; it begins at `position`."""
    row = {"name": name, "position": position, "state": state, "updated_at": now}
    await connection.execute(adding(connection, event_consumers), row)
    return Position(*(await connection.execute(_LOCK, {"reader": name})).one())


async def move(
    connection: Hot, name: str, position: int, state: dict[str, Any], now: datetime
) -> None:
    """The reader has dealt with everything up to `position`."""
    moved = {"reader": name, "position": position, "state": state, "updated_at": now}
    await connection.execute(_MOVE, moved)


async def every(connection: AsyncConnection) -> dict[str, Position]:
    """All readers by name."""
    c = event_consumers.c
    query = select(c.name, c.position, c.state).order_by(c.name)
    return {row.name: Position(row.position, row.state) for row in await connection.execute(query)}
