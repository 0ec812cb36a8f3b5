"""Which adapter a model alias has, since when, by whom and why: a fold of changes.

Changes are made one transaction after the other, so that whoever compares only the newest number
misses none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store import audit
from oo.store.audit import Entry
from oo.store.tables import adapter_changes

PROMOTED = "promoted"
ROLLED_BACK = "rolled_back"  # gives way to what the alias had before it


@dataclass(frozen=True, slots=True)
class AdapterChange:
    """One audited change: `report` is what was measured of the adapter before."""

    alias: str
    adapter: str
    role: str
    actor: str
    reason: str
    report: dict[str, Any]
    created_at: datetime


class Adapters(NamedTuple):
    """The adapter of each alias that has one, as of the change numbered `latest`."""

    latest: int
    by_alias: dict[str, str]


async def latest(connection: AsyncConnection) -> int:
    """The number of the newest change; 0 if there was none."""
    return int((await connection.execute(select(func.max(adapter_changes.c.id)))).scalar() or 0)


async def current(connection: AsyncConnection) -> Adapters:
    """The last adapter that was promoted and not rolled back since, for each alias."""
    number, stacks = 0, dict[str, list[str]]()
    rows = await connection.execute(select(adapter_changes).order_by(adapter_changes.c.id))
    for row in rows:
        number = row.id
        stack = stacks.setdefault(row.alias, [])
        if row.role == ROLLED_BACK:
            del stack[-1:]
        else:
            stack.append(row.adapter)
    return Adapters(number, {alias: stack[-1] for alias, stack in stacks.items() if stack})


async def to_change(connection: AsyncConnection) -> Adapters:
    """The adapters, which nobody else changes before this writing transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        await connection.execute(text("LOCK TABLE adapter_changes IN EXCLUSIVE MODE"))
    return await current(connection)


async def record(connection: AsyncConnection, change: AdapterChange) -> None:
    """Append a change; what it depends on must have been read with :func:`to_change`."""
    await connection.execute(
        insert(adapter_changes).values(
            alias=change.alias,
            adapter=change.adapter,
            role=change.role,
            actor=change.actor,
            reason=change.reason,
            report=change.report,
            created_at=change.created_at,
        )
    )
    actor, whom = f"operator:{change.actor}", f"adapter:{change.adapter}"
    after = {"alias": change.alias}
    action = f"adapter.{change.role}"
    entry = Entry(actor, action, whom, change.created_at, change.reason, after=after)
    await audit.append(connection, entry)


async def history(connection: AsyncConnection) -> list[AdapterChange]:
    """Every change, the oldest first."""
    rows = await connection.execute(select(adapter_changes).order_by(adapter_changes.c.id))
    return [
        AdapterChange(
            row.alias, row.adapter, row.role, row.actor, row.reason, row.report, row.created_at
        )
        for row in rows
    ]
