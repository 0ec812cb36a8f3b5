"""Brings the store to the shape that this release needs."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from oo.store.database import Database
from oo.store.tables import metadata


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def migrate(db: Database, revision: str = "head") -> None:
    """Apply the migrations up to `revision` that the store has not seen; harmless without any."""
    async with db.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))


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
