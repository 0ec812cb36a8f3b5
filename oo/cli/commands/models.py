"""`oo models`: what answers to which alias, how it is, and what it cost."""

from typing import Annotated

import orjson
import typer

from oo.cli.command import Command, Group
from oo.cli.running import as_running, health
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store


def models(
    user: Annotated[str | None, typer.Option(help="Only the calls for this person, by id.")] = None,
    days: Annotated[int, typer.Option(min=1, max=30, help="How far back.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Say what answers to each alias: its state, calls, tokens, cost, latency and budget left."""
    from oo.cli.views.models import show
    from oo.mlops.models import Use, states, table

    settings = load_settings()
    is_running = health(as_running(settings)) is not None
    use = Use(days, user.replace("-", "") if user else None, states(settings, is_running))
    now = SystemClock().now()
    rows = with_store(settings, lambda db: table(db, use, now))
    if as_json:
        found = [row._asdict() for row in rows]
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        show(rows, days)


COMMAND = Command("models", Group.RUN, models)
