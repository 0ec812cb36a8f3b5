"""`oo status`: how the running oO is."""

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.running import as_running, health
from oo.kit.errors import ConfigurationError
from oo.kit.settings import load_settings
from oo.recommend.freshness import OBJECTIVE


def status() -> None:
    """Say how each part of the running oO is."""
    state = health(as_running(load_settings()))
    if state is None:
        raise ConfigurationError("No oO answers here: start it with `oo serve`.")
    out.print(f"status   {state['status']}")
    for kind in ("warming", "resting", "spent", "down"):
        if state.get(kind):
            out.print(f"{kind:8} {', '.join(state[kind])}")
    if state.get("pools") is not None:
        said = "" if state["pools"] >= OBJECTIVE else f", below the objective of {OBJECTIVE:.0%}"
        out.print(f"pools    {state['pools']:.0%} of active people have a good one{said}")


COMMAND = Command("status", Group.RUN, status)
