"""A fresh SQLite store with the current tables, and people in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.consents import purposes
from oo.kit.clock import Clock, SystemClock
from oo.kit.ids import new_id
from oo.store import consenting, tasks, users
from oo.store.consents import Said
from oo.store.database import Database
from oo.store.tables import feedback, tip_scores
from oo.store.users import UserRow
from oo.vault.service import Vault
from tests.peers.tables import SQLITE, Tables, begin_anew
from tests.peers.vault import KEYRING


@asynccontextmanager
async def fresh_store(folder: Path) -> AsyncIterator[Database]:
    """The store in `folder`; an empty one where there is none yet."""
    path = folder / "test.db"
    if not path.exists():
        await begin_anew(f"{SQLITE}{path}", Tables.TODAY)
    db = Database(f"{SQLITE}{path}", Vault(KEYRING, SystemClock()))
    try:
        yield db
    finally:
        await db.close()


async def add_person(db: Database, clock: Clock, subject: str = "ada") -> str:
    """A person in the store; returns their id."""
    row = UserRow(
        id=new_id(clock),
        email=f"{subject}@example.org",
        name=subject.title(),
        timezone="UTC",
        created_at=clock.now(),
        deleted_at=None,
    )
    async with db.write() as connection:
        await users.add(connection, row)
    return row.id


async def tick_off(db: Database, clock: Clock, user_id: str, task_id: str) -> None:
    """Finish a task here, as a reaction does; its source hears nothing of it yet."""
    async with db.write() as connection:
        await users.lock(connection, [user_id])
        await tasks.mark_completed(connection, user_id, [task_id], clock.now())
        await users.bump_pool(connection, user_id)


async def shift_log(db: Database, by: timedelta) -> None:
    """Move every decision and what came of it in time; whole days leave all replays as they are."""
    times = {
        tip_scores: ("created_at", "seen_at"),
        feedback: ("created_at", "learned_at"),
    }
    async with db.write() as connection:
        for table, names in times.items():
            for row in (await connection.execute(table.select())).all():
                mine = [column == getattr(row, column.name) for column in table.primary_key]
                moved = {name: (at := getattr(row, name)) and at + by for name in names}
                await connection.execute(update(table).where(*mine).values(moved))


async def say(
    connection: AsyncConnection, user_id: str, purpose: str, at: datetime, *, given: bool = True
) -> None:
    """What the person says to a purpose as it is asked for today, with all that follows from it."""
    said = Said(purpose, purposes()[purpose].version, given, at, "test")
    await consenting.change(connection, user_id, said)
