"""What a page shows, as data: the same goes into the template, the API, CSV and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """How a cell looks; what it is stays in the data."""

    TEXT = "text"
    ID = "id"
    INSTANT = "instant"
    AGE = "age"  # an instant, said as how long ago
    NUMBER = "number"
    SHARE = "share"  # 0 to 1
    HEAT = "heat"  # a share, the lower the more it is seen
    REWARD = "reward"  # -1 to 1
    MS = "ms"
    ESTIMATE = "estimate"
    PORTION = "portion"  # an estimate of a share
    STATE = "state"
    BAR = "bar"  # a signed amount, beside the others of its column
    SECRET = "secret"  # a person's words: masked until the admin says why they look  # noqa: S105


class Estimate(NamedTuple):
    """A mean with its 95% interval and what it rests upon; no value where there is nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `filter` is the field of the query that a click on a cell sets, to `key`'s value or to that of
    the row's field `pick`. `to` is where a cell leads: an address with ``{}`` for `key`'s value, or
    for that of the row's field `by`.
    """

    key: str
    title: str
    kind: Kind = Kind.TEXT
    filter: str = ""
    pick: str = ""
    to: str = ""
    by: str = ""
    sortable: bool = False
    hidden: bool = False
    words: str = ""


Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. `peek` is the address of the panel of a row, with ``{}`` for its id.

    `more` tells that there are rows behind these; `total` how many there are, None if that was
    not counted; `empty` says what it means that there are none.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str
    peek: str = ""
    more: bool = False
    total: int | None = None
    total_is_least: bool = False
    note: str = ""


class Series(NamedTuple):
    """One line of a chart; `low` and `high` make a band around it."""

    title: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines or bars over time (`at`, seconds since 1970) or over `labels`."""

    name: str
    title: str
    series: Sequence[Series]
    at: Sequence[float] = ()
    labels: Sequence[str] = ()
    unit: str = ""
    bars: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that matters, with what it was before, and where it is counted."""

    title: str
    value: float | int | None
    unit: str = ""
    kind: Kind = Kind.NUMBER
    before: float | None = None
    to: str = ""
    note: str = ""
    spark: Sequence[float] = ()


class Level(StrEnum):
    """How much a notice wants to be seen."""

    CALM = "calm"
    WATCH = "watch"
    ACT = "act"


class Notice(NamedTuple):
    """Something that wants attention, and where to go for it."""

    level: Level
    title: str
    detail: str
    to: str


@dataclass(frozen=True, slots=True)
class Screen:
    """What one page shows. `values` are the template's own; all else has a look of its own.

    `subject` is the name of the one thing that the page is about, if it is about one. While
    something goes on, what is shown is asked for again every `refresh_s`; 0 for never.
    """

    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    figures: Sequence[Figure] = ()
    notices: Sequence[Notice] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    age_s: float = 0.0
    refresh_s: int = 0
