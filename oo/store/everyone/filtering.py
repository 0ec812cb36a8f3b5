"""From what an admin asks for to conditions of a statement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, or_

from oo.domain.console import Choice, Slice

Columns = Mapping[str, ColumnElement[Any]]
NONE = "none"  # the value of a filter that means: there is none


def passes(column: ColumnElement[Any], choice: Choice) -> ColumnElement[bool]:
    """Whether the column has one of the values, or none of them; `NONE` stands for no value."""
    values = [value for value in choice.values if value != NONE]
    found: ColumnElement[bool] = column.in_(values)
    if NONE in choice.values:
        found = or_(found, column.is_(None)) if values else column.is_(None)
    if not choice.excluded:
        return found
    if NONE in choice.values:
        return column.is_not(None) if not values else ~found
    return or_(~found, column.is_(None))


def filtered(query: Select[Any], columns: Columns, filters: Mapping[str, Choice]) -> Select[Any]:
    """The statement with each filter on its column."""
    for name, choice in filters.items():
        query = query.where(passes(columns[name], choice))
    return query


def sliced(query: Select[Any], columns: Columns, rows: Slice, then: Any) -> Select[Any]:
    """The statement in its order, and one row more than asked for, to tell whether there are more.

    `then` is what makes the order one of its own; an order that is none of `columns` is ignored.
    """
    order = [then.desc() if rows.down else then]
    if rows.sort in columns:
        column = columns[rows.sort]
        order.insert(0, column.desc() if rows.down else column)
    return query.order_by(*order).limit(rows.limit + 1).offset(rows.offset)
