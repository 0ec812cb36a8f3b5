"""INSERT … ON CONFLICT, which both stores have and SQLAlchemy spells per dialect."""

from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.database import Hot


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert of the connection's own dialect, with `on_conflict_do_update` and `…_nothing`."""
    return _insert(connection.dialect.name, table)


def putting(
    connection: Hot, table: Table, names: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    """An insert that puts the columns `names` in the place of what the row's key has there."""
    return _putting(connection.dialect.name, table, names)


def adding(connection: Hot, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves alone what the row's key has already."""
    return _adding(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache  # to build it takes as long as to run it for a dozen rows
def _putting(
    dialect: str, table: Table, names: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in names},
    )


@cache
def _adding(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
