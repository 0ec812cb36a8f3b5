"""INSERT … ON CONFLICT, which both stores have and SQLAlchemy spells per dialect."""

from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import Hot

Insert = sqlite.Insert | postgresql.Insert


def insert_into(connection: AsyncConnection, table: Table) -> Insert:
    """An insert of the connection's own dialect, with `on_conflict_do_update` and `…_nothing`."""
    return insert_of(connection.dialect.name, table)


def putting(connection: Hot, table: Table, names: tuple[str, ...]) -> Insert:
    """An insert that puts the columns `names` in the place of what the row's key has there."""
    return _putting(connection.dialect.name, table, names)


def adding(connection: Hot, table: Table) -> Insert:
    """An insert that leaves alone what the row's key has already."""
    return _adding(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> Insert:
    """As :func:`insert_into`, for a statement that is built once and kept."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache  # to build it takes as long as to run it for a dozen rows
def _putting(dialect: str, table: Table, names: tuple[str, ...]) -> Insert:
    statement = insert_of(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in names},
    )


@cache
def _adding(dialect: str, table: Table) -> Insert:
    statement = insert_of(dialect, table)
    return statement.on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
