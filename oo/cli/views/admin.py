"""How the pages of the console look in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from oo.cli.console import out, wide

MASK = "•••••"
RIGHT = ("number", "share", "heat", "reward", "ms", "estimate", "bar")


def show_pages(pages: Sequence[Mapping[str, Any]]) -> None:
    """A line for each page."""
    table = Table("page", "what it is", Column("can be asked", overflow="fold"), box=None)
    for one in pages:
        words = one["words"].partition(": ")[2] or one["words"]
        table.add_row(one["page"], escape(words), " ".join(one["asks"]))
    wide().print(table)


def show_page(answer: Mapping[str, Any]) -> None:
    """Notices, figures and facts as lines, then the tables."""
    for one in answer["notices"]:
        out.print(f"[yellow]{escape(one['title'])}[/yellow]  {escape(one['detail'])}")
    for one in answer["figures"]:
        unit = f" {one['unit']}" if one["unit"] else ""
        if one["value"] is not None:
            out.print(f"{escape(one['title'])}: [bold]{_number(one['value'])}[/bold]{unit}")
    for name, value in answer["facts"].items():
        if not isinstance(value, dict | list):
            out.print(f"{name.replace('_', ' ')}: {escape(str(value))}")
    for one in answer["tables"]:
        _show_table(one)


def show_outcome(outcome: Mapping[str, Any]) -> None:
    """What was done, and what changed by it."""
    out.print(escape(outcome["said"]))
    for name in [*outcome["before"], *(set(outcome["after"]) - set(outcome["before"]))]:
        before, after = outcome["before"].get(name), outcome["after"].get(name)
        if before != after:
            out.print(f"  {name}: {escape(_cell(before))} → {escape(_cell(after))}")


def _show_table(told: Mapping[str, Any]) -> None:
    out.print(f"\n[bold]{escape(told['title'])}[/bold]")
    if not told["rows"]:
        out.print("none")
        return
    table = Table(box=None, pad_edge=False)
    for column in told["columns"]:
        where = "right" if column["kind"] in RIGHT else "left"
        table.add_column(escape(column["title"] or ""), justify=where, overflow="fold")  # type: ignore[arg-type]
    for row in told["rows"]:
        table.add_row(*(_said(row[it["key"]], it["kind"]) for it in told["columns"]))
    wide().print(table)
    if told["more"]:
        out.print("There are more: page=2.")


def _said(value: Any, kind: str) -> str:
    if kind == "secret" and value is None:
        return MASK
    if value is None:
        return "–"
    if kind in ("share", "heat"):
        return f"{100 * value:.1f}%"
    if kind in ("reward", "bar"):
        return f"{value:+.2f}"
    if kind == "estimate":
        return _estimate(value)
    if kind == "instant" or kind == "age":
        return str(value)[:19].replace("T", " ")
    return escape(_cell(value))


def _estimate(value: Mapping[str, Any]) -> str:
    if value["value"] is None:
        return "–"
    bounds = "" if value["low"] is None else f" ({value['low']:+.2f} to {value['high']:+.2f})"
    return f"{value['value']:+.2f}{bounds}"


def _cell(value: Any) -> str:
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:.4g}" if isinstance(value, float) and not value.is_integer() else f"{int(value)}"
    )
