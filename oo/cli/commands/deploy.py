"""`oo deploy`: another configuration for the running oO, in place."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli import local_node
from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.environment import prepare_environment
from oo.kit.settings import load_settings


def deploy(
    config: Annotated[Path, typer.Argument(help="A Serve config file.")] = local_node.CONFIG,
) -> None:
    """Change what runs, in place, to what a config file says."""
    settings = load_settings()
    prepare_environment(settings)
    local_node.join_node(settings)
    local_node.deploy(config)
    out.print("Accepted; `oo status` shows how far it is.")


COMMAND = Command("deploy", Group.RUN, deploy)
