"""How events and their consumers look in a terminal."""

import json
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Column, Table

from oo.cli.console import out, wide
from oo.domain.events import EventSeen, Standing


def show_event(event: EventSeen, *, as_json: bool) -> None:
    """A line for the event."""
    if as_json:
        told = {**event._asdict(), "at": event.at.isoformat()}
        out.print(json.dumps(told, ensure_ascii=False), markup=False)
        return
    payload = escape(" ".join(f"{key}={value}" for key, value in event.payload.items()))
    out.print(
        f"{event.seq:>8}  {event.at:%H:%M:%S}  [bold]{event.subject:28}[/bold]"
        f"[dim]{event.user_id[:12]}[/dim]  {payload}"
    )


def show_standings(standings: Sequence[Standing]) -> None:
    """A line for each consumer."""
    last = Column("what keeps it", overflow="fold")
    table = Table("consumer", "up to", "waiting", "again", "set aside", last, box=None)
    for one in standings:
        aside = ", ".join(map(str, one.aside[-5:]))
        counted = (str(one.position), str(one.lag), str(one.replaying or ""))
        table.add_row(one.name, *counted, aside, escape(one.error))
    wide().print(table)
