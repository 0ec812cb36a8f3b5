"""Databases with oO's tables: made once in a process, and copied for each test.

Making the tables takes a tenth of a second in SQLite and three in PostgreSQL, all migrations half a
second and almost one; a copy takes .01 and .08.
"""

import shutil
import tempfile
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path

from sqlalchemy import make_url

from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.tables import metadata
from tests.peers.postgres import execute, new_database

SQLITE = "sqlite+aiosqlite:///"
_folder = tempfile.TemporaryDirectory(prefix="oo-tables-")  # until this process ends
_made: dict[tuple[str, "Tables"], str] = {}  # by server


class Tables(StrEnum):
    """What a database begins with."""

    NONE = "none"
    TODAY = "today"
    MIGRATED = "migrated"  # today's, come to by all migrations


async def _create(db: Database) -> None:
    async with db.write() as connection:
        await connection.run_sync(metadata.create_all)


MAKE: dict[Tables, Callable[[Database], Awaitable[None]]] = {
    Tables.TODAY: _create,
    Tables.MIGRATED: migrate,
}


async def begin_anew(address: str, tables: Tables) -> None:
    """Let the database at that SQLAlchemy address hold these tables and nothing else."""
    url = make_url(address)
    if url.drivername.startswith("sqlite"):
        _put(url.database or "", await _made_once(SQLITE, tables))
        return
    server = url.set(database="postgres").render_as_string(hide_password=False)
    template = await _made_once(server, tables) or "template0"
    await execute(server, f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")
    await execute(server, f"CREATE DATABASE {url.database} TEMPLATE {template}")


def _put(path: str, copied: str) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    if copied:
        shutil.copyfile(copied, path)


async def _made_once(server: str, tables: Tables) -> str:
    """The file or the database to copy; nothing where there are to be no tables."""
    if tables is Tables.NONE:
        return ""
    if (server, tables) not in _made:
        if server == SQLITE:
            address = f"{SQLITE}{_folder.name}/{tables}.db"
        else:
            address = await new_database(server)
        db = Database(address)
        try:
            await MAKE[tables](db)
        finally:
            await db.close()
        _made[server, tables] = make_url(address).database or ""
    return _made[server, tables]
