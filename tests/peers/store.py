"""A fresh SQLite store with the current tables, and people in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from oo.kit.clock import Clock
from oo.kit.ids import new_id
from oo.store import users
from oo.store.database import Database
from oo.store.tables import metadata
from oo.store.users import UserRow


@asynccontextmanager
async def fresh_store(folder: Path) -> AsyncIterator[Database]:
    """An empty store in `folder`."""
    db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
    try:
        async with db.write() as connection:
            await connection.run_sync(metadata.create_all)
        yield db
    finally:
        await db.close()


async def add_person(db: Database, clock: Clock, subject: str = "ada") -> str:
    """A person in the store; returns their id."""
    row = UserRow(
        id=new_id(clock),
        provider="test",
        subject=subject,
        email=f"{subject}@example.org",
        name=subject.title(),
        timezone="UTC",
        created_at=clock.now(),
        deleted_at=None,
    )
    async with db.write() as connection:
        await users.add(connection, row)
    return row.id
