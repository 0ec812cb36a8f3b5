"""How the state of oO and its service levels look in a terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from oo.cli.console import wide
from oo.domain.service_level import ServiceLevel, Unit
from oo.observability.reading import Standing

AWAY = "No oO answers here."
NO_DATA = "no data"
NO_FIGURES = "No figures: /metrics is for loopback in the dev profile, or needs OO_METRICS_TOKEN."


class Look(NamedTuple):
    """What was found in one look: `state` is None where nothing answered, `standings` empty where
    figures are not to be had; `seconds` is over how long things were counted, None since the start.
    """

    state: Mapping[str, Any] | None
    parts: Mapping[str, str]
    standings: Sequence[Standing]
    seconds: float | None


def show(look: Look, *, as_json: bool) -> None:
    """Print it once."""
    if as_json:
        typer.echo(orjson.dumps(_data(look), option=orjson.OPT_INDENT_2).decode())
    else:
        wide().print(_page(look))


@contextmanager
def live(*, as_json: bool) -> Iterator[Callable[[Look], None]]:
    """What shows one look in place of the last; as JSON, each has a line."""
    if as_json:
        yield lambda look: typer.echo(orjson.dumps(_data(look)).decode())
        return
    console = wide()
    if not console.is_terminal:
        yield lambda look: console.print(_page(look))
        return
    with Live(console=console, auto_refresh=False) as screen:
        yield lambda look: screen.update(_page(look), refresh=True)


def _data(look: Look) -> dict[str, Any]:
    return {
        "status": look.state["status"] if look.state else None,
        "parts": dict(look.parts),
        "counted_over_s": look.seconds,
        "levels": [
            {
                "name": it.level.name,
                "words": it.level.words,
                "value": it.value,
                "of": it.of or None,
                "bound": it.level.bound,
                "objective": it.level.objective,
                "is_kept": it.is_kept,
            }
            for it in look.standings
        ],
    }


def _page(look: Look) -> RenderableType:
    if look.state is None:
        return Text(AWAY, style="bold red")
    lines = [Text(f"status   {look.state['status']}")]
    by_state: dict[str, list[str]] = {}
    for part, state in sorted(look.parts.items()):
        by_state.setdefault(state, []).append(part)
    lines += [Text(f"{state:8} {', '.join(named)}") for state, named in by_state.items()]
    if not look.standings:
        return Group(*lines, Text(NO_FIGURES))
    over = f"{look.seconds:.0f} s" if look.seconds else "all since oO started"
    return Group(*lines, Text(f"counted  over {over}\n"), _table(look.standings))


def _table(standings: Sequence[Standing]) -> Table:
    rows = [_cells(it) for it in standings]
    table = Table(box=None, pad_edge=False)
    for place, title in enumerate(("", "service level", "now", "objective")):
        width = max(len(title), *(len(row[place]) for row in rows))
        numbers = title in ("now", "objective")
        # what a narrow terminal cuts off is words, and no figure
        table.add_column(title, min_width=width, justify="right" if numbers else "left")
    table.add_column(min_width=len(NO_DATA))
    table.add_column("what it is", no_wrap=True, overflow="ellipsis")
    row = None
    for it, (title, *cells) in zip(standings, rows, strict=True):
        said = f"{it.of}: {it.level.words}" if it.of and it.is_kept is False else it.level.words
        title = "" if it.level.row is row else title
        row = it.level.row
        table.add_row(Text(title, style="bold"), *cells, _verdict(it), said)
    return table


def _cells(standing: Standing) -> tuple[str, str, str, str]:
    level = standing.level
    return level.row.value, level.name, _value(standing), _objective(level)


def _verdict(standing: Standing) -> Text:
    if standing.is_kept is None:
        return Text(NO_DATA, style="dim")
    return Text("kept", style="green") if standing.is_kept else Text("MISSED", style="bold red")


def _value(standing: Standing) -> str:
    return "" if standing.value is None else _said(standing.level, standing.value)


def _objective(level: ServiceLevel) -> str:
    sign = "≤" if level.is_kept(level.objective - 1) else "≥"
    return f"{sign} {_said(level, level.objective)}"


def _said(level: ServiceLevel, value: float) -> str:
    if level.unit is Unit.SHARE:
        return f"{100 * value:.3g} %"
    if level.unit is Unit.THINGS:
        return f"{value:g}"
    return f"{1000 * value:.0f} ms" if 0 < value < 1 else f"{value:.4g} s"
