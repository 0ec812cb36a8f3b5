"""Brings the store to the shape that this release needs, while others go on using it."""

import asyncio
import time
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.errors import ConfigurationError
from oo.store.database import Database
from oo.store.tables import metadata

MIGRATIONS = str(Path(__file__).parent / "migrations")
ONE_AT_A_TIME = 0x6F4F  # the number of PostgreSQL's advisory lock for this
WAITS_MS = 500  # for a table that somebody uses; whoever comes after it waits as long
RESTS_S = 0.5
PATIENCE_S = 300.0
IN_USE = "55P03"  # lock_not_available


async def migrate(db: Database, revision: str = "head") -> None:
    """Apply the migrations up to `revision` that the store has not seen; harmless without any.

    All of them are one transaction. Of several processes that call this at once, one does it and
    the others find it done. On PostgreSQL it never makes others wait for long behind a table in
    use: it steps back and tries again. Raises ConfigurationError for a store of a newer release,
    and where a table is in use for minutes.
    """
    end = time.monotonic() + PATIENCE_S
    while not await _is_done(db, revision):
        try:
            async with db.write() as connection:
                if not db.is_sqlite:
                    await _take_turn(connection)
                await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))
            return
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != IN_USE:
                raise
            if time.monotonic() > end:
                raise ConfigurationError(
                    "The store cannot be brought to this release's shape: a transaction holds a"
                    " table that it must change. End it (pg_stat_activity names it), and try again."
                ) from error
        await asyncio.sleep(RESTS_S)


async def differences(db: Database) -> list[object]:
    """Where the migrated store differs from the declared tables; empty when all is well."""
    async with db.read() as connection:
        return await connection.run_sync(
            lambda sync: list(
                compare_metadata(
                    MigrationContext.configure(sync, opts={"compare_type": False}), metadata
                )
            )
        )


async def _is_done(db: Database, revision: str) -> bool:
    """Whether the store has that shape already: this takes no lock that anybody waits for."""
    scripts = ScriptDirectory(MIGRATIONS)
    known = {it.revision for it in scripts.walk_revisions()}
    async with db.read() as connection:
        has = await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )
    if has is not None and has not in known:
        raise ConfigurationError(
            f"The store has the shape of a newer release ({has}; this one knows"
            f" {scripts.get_current_head()}). Run that release, or restore a backup of before."
        )
    return has is not None and has == (
        scripts.get_current_head() if revision == "head" else revision
    )


async def _take_turn(connection: AsyncConnection) -> None:
    turn = text("SELECT pg_advisory_xact_lock(:number)")
    await connection.execute(turn, {"number": ONE_AT_A_TIME})
    await connection.execute(text(f"SET LOCAL lock_timeout = {WAITS_MS}"))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    config.attributes["connection"] = connection
    return config
