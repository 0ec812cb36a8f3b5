"""`oo status`: how the running oO is, and how well it serves."""

import time
from contextlib import suppress
from typing import Annotated

import typer

from oo.cli import running
from oo.cli.command import Command, Group
from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import load_settings

AWAY = "No oO answers here: start it with `oo serve`."


def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on until Ctrl-C.")] = False,
    interval: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 2.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Plain data; a line for each look.")
    ] = False,
) -> None:
    """Say how each part of the running oO is, and how it keeps its service levels."""
    from oo.cli.views import status as views
    from oo.observability.reading import Window, read

    window, clock = Window(), SystemClock()

    def look() -> views.Look:
        settings = running.as_running(load_settings())
        text = running.figures(settings)
        if text is not None:
            window.add(read(text, clock.now().timestamp()))
        return views.Look(
            running.readiness(settings),
            running.parts(settings),
            window.standings() if text is not None else [],
            window.seconds,
        )

    found = look()
    if not watch:
        if found.state is None:
            raise ConfigurationError(AWAY)
        views.show(found, as_json=as_json)
        return
    with suppress(KeyboardInterrupt), views.live(as_json=as_json) as show:
        while True:
            show(found)
            time.sleep(interval)
            found = look()


COMMAND = Command("status", Group.RUN, status)
