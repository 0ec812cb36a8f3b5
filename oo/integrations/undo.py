"""Undoing the last import: for a few minutes, and only while nothing has built on it."""

from datetime import datetime, timedelta
from typing import Any

from oo.domain.signals.kinds.task import KIND as TASK
from oo.kit.clock import Clock
from oo.kit.errors import Conflict, Gone
from oo.store import connections, forget, last_imports, outbox, users
from oo.store.connections import ConnectionRow
from oo.store.database import Database

UNDO_FOR = timedelta(minutes=10)


async def undo(db: Database, clock: Clock, user_id: str, source: str) -> int:
    """Make what the source holds what it was before its last import; how many signals changed.

    Raises Gone when there is no such import or its time is over, Conflict when the person has
    reacted to something of it or it has changed since; then everything stays as it is.
    """
    now = clock.now()
    async with db.write() as connection:
        await users.lock_one(connection, user_id)
        last = await last_imports.get(connection, user_id, source)
        if last is None or last.expires_at <= now:
            raise Gone("There is no import that can still be undone.")
        there = await last_imports.rows(connection, user_id, last.after, lock=True)
        # an import that was cut off has left some as they were
        if any(
            last_imports.digest(there[key]) != left and there[key] != last.before[key]
            for key, left in last.after.items()
        ):
            raise Conflict("Something of this list has changed since, by you or at its source.")
        await last_imports.restore(connection, user_id, last.before)
        await outbox.withdraw(connection, user_id, last.announced, last.imported_at)
        if last.connection is None:
            await connections.remove(connection, user_id, source)
        else:
            await connections.put(connection, user_id, _read(last.connection))
        await last_imports.remove(connection, user_id, source)
        await users.note_change(connection, user_id, now)
        # titles that it brought, and those that it changed: nobody has reacted to any of them
        undone = {key.id for key in last.before if key.kind == TASK.name}
        await forget.what_was_said_of_tasks(connection, user_id, undone, since=last.imported_at)
        return len(last.before)


def written(row: ConnectionRow | None) -> dict[str, Any] | None:
    """The connection that there was, as it is kept for undoing."""
    if row is None:
        return None
    times = {name: getattr(row, name) for name in ("connected_at", "synced_at")}
    told = {name: moment.isoformat() if moment else None for name, moment in times.items()}
    return {**row._asdict(), **told, "secret": None}


def _read(row: dict[str, Any]) -> ConnectionRow:
    times = {name: row[name] for name in ("connected_at", "synced_at")}
    told = {name: datetime.fromisoformat(text) if text else None for name, text in times.items()}
    return ConnectionRow(**{**row, **told})
