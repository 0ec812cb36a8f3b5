"""A screen for programs: the API's answer, and CSV and JSON of exactly what is seen."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from oo.admin.page import ConsolePage
from oo.admin.query import Query
from oo.admin.screen import Column, Estimate, Kind, Screen, Table
from oo.kit.errors import NotFound

_WITH_INTERVAL = (Kind.ESTIMATE, Kind.PORTION)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ToldColumn(BaseModel):
    """A column of a table: `key` is its name in the rows."""

    key: str
    title: str
    kind: str


class ToldTable(BaseModel):
    """A table as it is seen: a person's words are null until the admin has said why they look."""

    name: str
    title: str
    columns: list[ToldColumn]
    rows: list[dict[str, Any]]
    more: bool
    total: int | None


class ToldSeries(BaseModel):
    """One line of a chart; `low` and `high` bound the 95% interval of each value."""

    title: str
    values: list[float | None]
    low: list[float | None]
    high: list[float | None]


class ToldChart(BaseModel):
    """Lines over instants (`at`, seconds since 1970) or over `labels`."""

    name: str
    title: str
    unit: str
    at: list[float]
    labels: list[str]
    series: list[ToldSeries]


class ToldFigure(BaseModel):
    """One number; `before` is what it was in the period before."""

    title: str
    value: float | None
    unit: str
    before: float | None


class ToldNotice(BaseModel):
    """Something that wants attention."""

    level: str
    title: str
    detail: str


class ConsoleAnswer(BaseModel):
    """A page of the console for a program; `age_s` says how long ago it was counted."""

    page: str
    asked: dict[str, str]
    at: datetime
    age_s: float
    figures: list[ToldFigure]
    notices: list[ToldNotice]
    tables: list[ToldTable]
    charts: list[ToldChart]
    facts: dict[str, Any]


def told(page: ConsolePage, query: Query, screen: Screen, at: datetime) -> ConsoleAnswer:
    """All that a screen shows, as data."""
    return ConsoleAnswer(
        page=page.name,
        asked=query.given(),
        at=at,
        age_s=screen.age_s,
        figures=[
            ToldFigure(title=it.title, value=it.value, unit=it.unit, before=it.before)
            for it in screen.figures
        ],
        notices=[
            ToldNotice(level=it.level, title=it.title, detail=it.detail) for it in screen.notices
        ],
        tables=[_table(it, query) for it in screen.tables],
        charts=[
            ToldChart(
                name=it.name,
                title=it.title,
                unit=it.unit,
                at=list(it.at),
                labels=list(it.labels),
                series=[
                    ToldSeries(
                        title=one.title,
                        values=list(one.values),
                        low=list(one.low),
                        high=list(one.high),
                    )
                    for one in it.series
                ],
            )
            for it in screen.charts
        ],
        facts=_plain(dict(screen.facts)),
    )


def shown_columns(table: Table, query: Query) -> Sequence[Column]:
    """The columns that are seen: those that were asked for, in that order."""
    asked = query.shown()
    by_key = {column.key: column for column in table.columns}
    chosen = [by_key[key] for key in asked if key in by_key]
    return chosen or [column for column in table.columns if not column.hidden]


def chosen_table(screen: Screen, name: str) -> Table:
    """The table of that name, the first without one; raises NotFound."""
    for table in screen.tables:
        if name in ("", table.name):
            return table
    raise NotFound("There is no such table on this page.")


def as_csv(table: Table, query: Query) -> str:
    """The rows and columns that are seen; a text is no formula of whoever opens it."""
    columns = shown_columns(table, query)
    text = io.StringIO()
    lines = csv.writer(text)
    head: list[str] = []
    for column in columns:
        head += [column.key]
        if column.kind in _WITH_INTERVAL:
            head += [f"{column.key}_low", f"{column.key}_high", f"{column.key}_n"]
    lines.writerow(head)
    for row in table.rows:
        cells: list[Any] = []
        for column in columns:
            value = row.get(column.key)
            if column.kind in _WITH_INTERVAL:
                cells += list(value) if value is not None else [None] * 4
            else:
                cells.append(_cell(value))
        lines.writerow(cells)
    return text.getvalue()


def _table(table: Table, query: Query) -> ToldTable:
    columns = shown_columns(table, query)
    return ToldTable(
        name=table.name,
        title=table.title,
        columns=[ToldColumn(key=it.key, title=it.title, kind=it.kind) for it in columns],
        rows=[{it.key: _plain(row.get(it.key)) for it in columns} for row in table.rows],
        more=table.more,
        total=table.total,
    )


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _plain(value: Any) -> Any:
    match value:
        case Estimate():
            return value._asdict()
        case datetime():
            return value.isoformat()
        case dict():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
