"""`oo deploy`: another configuration for the running oO, in place."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli import local_node
from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.environment import prepare_environment
from oo.kit.clock import SystemClock
from oo.kit.niceness import stay_behind
from oo.kit.settings import load_settings

ANEW_WITHIN_S = 300.0


def deploy(
    config: Annotated[Path, typer.Argument(help="A Serve config file.")] = local_node.CONFIG,
    anew: Annotated[
        bool, typer.Option("--anew", help="Replace every replica, for code that has changed.")
    ] = False,
) -> None:
    """Change what runs, in place, to what a config file says."""
    stay_behind()  # what serves on this machine goes first
    settings = load_settings()
    prepare_environment(settings)
    local_node.join_node(settings)
    if not anew:
        local_node.deploy(config)
        out.print("Accepted; `oo status` shows how far it is.")
        return
    release = SystemClock().now().isoformat(timespec="milliseconds")
    with out.status("Replacing what runs, one after the other …"):
        local_node.deploy_anew(config, release, ANEW_WITHIN_S)
    out.print("Every replica is of the code as it is now.")


COMMAND = Command("deploy", Group.RUN, deploy)
