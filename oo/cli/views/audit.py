"""How the audit log looks in a terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from oo.cli.console import wide
from oo.store.audit import Facts, Link


def show_log(links: Sequence[Link]) -> None:
    """A line for each entry."""
    table = Table("", "when (UTC)", "who", "did", "to", "what", box=None, pad_edge=False)
    for number, entry, _ in links:
        told = [entry.why, _told("before", entry.before), _told("after", entry.after)]
        table.add_row(
            str(number),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            *map(escape, (entry.actor, entry.action, entry.whom, "; ".join(filter(None, told)))),
        )
    wide().print(table)


def _told(name: str, facts: Facts | None) -> str:
    return (
        f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()) if facts else ""
    )
