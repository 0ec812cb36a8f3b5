"""What all tables are made of: their metadata and the types of columns."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    cast,
    extract,
    func,
)
from sqlalchemy.types import TypeDecorator

from oo.domain.columns import Columns

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant; SQLite forgets the zone, so it goes in and comes out as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


ID = String(32)
SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")


class CandidateColumns(TypeDecorator[Mapping[str, list[float]]]):
    """Numbers by name, one per candidate; what all candidates share is stored once.

    That is most of what a decision logs: {"hour_sin": [0.5, 0.5], "priority": [0, 1]} becomes
    {"hour_sin": 0.5, "priority": [0, 1]}, and twice as many rows fit on a page. One column stays
    whole, to tell how many there are; rows of before, all whole, read the same.
    """

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: Mapping[str, list[float]] | None, dialect: Dialect
    ) -> dict[str, Any] | None:
        if value is None:
            return None
        shared, own = (value.shared, value.own) if isinstance(value, Columns) else ({}, value)
        kept: dict[str, Any] = dict(shared)
        for name, column in own.items():
            is_shared = column and column.count(column[0]) == len(column)
            kept[name] = column[0] if is_shared else column
        if value and not any(isinstance(column, list) for column in kept.values()):
            name = next(iter(value))
            kept[name] = value[name]
        return kept

    def process_result_value(
        self, value: dict[str, Any] | None, dialect: Dialect
    ) -> dict[str, list[float]] | None:
        if value is None:
            return None
        count = next((len(kept) for kept in value.values() if isinstance(kept, list)), 0)
        return {
            name: kept if isinstance(kept, list) else [kept] * count for name, kept in value.items()
        }


def epoch_of(dialect: str, at: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole seconds since 1970 of an instant, as the store reckons."""
    if dialect == "sqlite":
        return cast(func.strftime("%s", at), BigInteger)
    return cast(func.floor(extract("epoch", at)), BigInteger)
