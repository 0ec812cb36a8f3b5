"""The console's templates, and how numbers, instants and people's words look in them."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from oo.admin.page import Group
from oo.admin.query import Query
from oo.admin.screen import Chart, Column, Estimate, Row
from oo.domain.console import Looker
from oo.kit import templates

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
MASK = "•••••"
PIECE_S = 0.0005


def environment() -> Environment:
    """The console's templates with what they call."""
    made = templates.environment("oo.admin")
    made.filters.update(
        number=number,
        share=share,
        reward=reward,
        estimate=estimate,
        ago=ago,
        millis=millis,
        short=short,
        chart=chart_json,
        spark=spark,
        span=span,
        delta=delta,
    )
    made.globals.update(
        instant=instant,
        with_query=with_query,
        cell_value=cell_value,
        cell_once=cell_once,
        mask=MASK,
        filled=filled,
        groups=list(Group),
    )
    return made


async def rendered(template: Template, **values: Any) -> str:
    """The whole text, made in pieces of half a millisecond: tips are served by the same loop."""
    pieces: list[str] = []
    begun = perf_counter()
    for piece in template.generate(**values):
        pieces.append(piece)
        if perf_counter() - begun > PIECE_S:
            await asyncio.sleep(0)
            begun = perf_counter()
    return "".join(pieces)


def number(value: Any) -> str:
    """A count with thin groups of three, or a measure with as many digits as it deserves."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return f"{int(value):,}".replace(",", "\u202f")
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
    return f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−")


def millis(value: float | None) -> str:
    """Milliseconds, as seconds or minutes where that reads better."""
    if value is None:
        return "–"
    if value >= 60_000:
        return span(value / 1000)
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{number(round(value, 1))} ms"


def share(value: float | None) -> str:
    """0.123 as 12.3%."""
    if value is None:
        return "–"
    return f"{100 * value:.{0 if value in (0, 1) else 1}f}%"


def reward(value: float | None) -> str:
    """A reward from −1 to 1, always with its sign."""
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def estimate(value: Estimate | None) -> str:
    """A mean with its 95% interval."""
    if value is None or value.value is None:
        return "–"
    if value.low is None or value.high is None:
        return reward(value.value)
    return f"{reward(value.value)} [{reward(value.low)}, {reward(value.high)}]"


def delta(now: float | None, before: float | None) -> str:
    """How much more or less than before, in percent."""
    if now is None or not before:
        return ""
    change = 100 * (now - before) / abs(before)
    return "as before" if abs(change) < 0.5 else f"{change:+.0f}%".replace("-", "−")


def span(value: timedelta | float | None) -> str:
    """A length of time in its largest unit."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, or how far ahead."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    if abs(seconds) < 5:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def short(value: str) -> str:
    """The end of an id, which differs where its beginning, the time, does not."""
    return value if len(value) <= 12 else f"…{value[-8:]}"


def instant(at: datetime | None, looker: Looker, now: datetime, *, as_age: bool = False) -> Markup:
    """An instant in the looker's zone; the exact one is its title."""
    if at is None:
        return Markup('<span class="none">–</span>')
    local = at.astimezone(looker.zone)
    exact = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"
    if as_age:
        told = ago(at, now)
    elif local.date() == now.astimezone(looker.zone).date():
        told = f"{local:%H:%M:%S}"
    elif abs((now - at).days) < 300:
        told = f"{local.day} {local:%b %H:%M}"
    else:
        told = f"{local.day} {local:%b %Y}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, told)


def with_query(path: str, query: Query | None, **changes: object) -> str:
    """An address with the page's filters and some of them changed; None takes one away."""
    given = tuple(query.given().items()) if query is not None else ()
    return _address(path, given, tuple(changes.items()))


@lru_cache(2_000)  # most cells of a column say the same as others
def _address(
    path: str, given: tuple[tuple[str, str], ...], changes: tuple[tuple[str, object], ...]
) -> str:
    said: dict[str, object] = dict(given)
    if any(name != "page" for name, _ in changes):
        said.pop("page", None)
    for name, value in changes:
        if value is None or value == "":
            said.pop(name, None)
        else:
            said[name] = value
    return f"{path}?{urlencode(said)}" if said else path


def filled(pattern: str, value: object) -> str:
    """An address pattern with its ``{}`` filled by what a path or query may hold."""
    return pattern.replace("{}", quote(str(value), safe=""))


def cell_value(row: Row, column: Column) -> Any:
    """What is in a cell."""
    return row.get(column.key)


def cell_once(
    said: dict[Any, str], cell: Callable[..., str], row: Row, column: Column, *others: object
) -> str:
    """What `cell` makes of a cell, made once for all cells of a table that say the same."""
    value = row.get(column.key)
    whose = row.get("user_id") if column.filter == "user" else None
    key = column.key, type(value), value, row.get(column.by), whose
    try:
        if (made := said.get(key)) is not None:
            return made
    except TypeError:  # a list
        return cell(row, column, *others)
    said[key] = made = cell(row, column, *others)
    return made


def chart_json(chart: Chart) -> Markup:
    """What the chart's script reads, safe inside an attribute."""
    data = {
        "at": list(chart.at),
        "labels": list(chart.labels),
        "unit": chart.unit,
        "bars": chart.bars,
        "series": [
            {
                "title": one.title,
                "values": list(one.values),
                "low": list(one.low),
                "high": list(one.high),
            }
            for one in chart.series
        ],
    }
    return escape(json.dumps(data))


def spark(values: list[float]) -> Markup:
    """A line without axes, 100 by 28."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    reach = (high - low) or 1.0
    points = " ".join(
        f"{100 * index / (len(values) - 1):.1f},{25 - 22 * (value - low) / reach:.1f}"
        for index, value in enumerate(values)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline points="{}"/></svg>'
    ).format(points)
