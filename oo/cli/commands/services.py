"""`oo services`: real servers beside oO on this machine, for development and tests."""

from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.local_services import LocalServices, Running
from oo.cli.local_services import services as all_services
from oo.kit.settings import load_settings

services = typer.Typer(help="Servers beside oO, for development.", no_args_is_help=True)

Names = Annotated[
    list[str] | None, typer.Argument(help="postgres, valkey, nats, mlflow; all that run otherwise.")
]


@services.command()
def up(
    names: Annotated[list[str], typer.Argument(help="postgres, valkey, nats, mlflow.")],
) -> None:
    """Start services on loopback, with their data in the data folder; print what to set."""
    here = LocalServices(load_settings().data_dir)
    for name in names:
        _show(here.up(name))


@services.command()
def down(names: Names = None) -> None:
    """End services; what they stored stays."""
    here = LocalServices(load_settings().data_dir)
    for name in names or [one.service.name for one in here.status() if one.is_up]:
        out.print(f"{name} {'has ended' if here.down(name) else 'did not run'}")


@services.command()
def status() -> None:
    """Which services have been started here, and which run."""
    found = LocalServices(load_settings().data_dir).status()
    for one in found:
        if one.is_up:
            _show(one)
        else:
            out.print(f"[dim]# {one.service.words}: down[/dim]")
    if not found:
        out.print(f"None was started here; there are {', '.join(all_services())}.")


def _show(running: Running) -> None:
    out.print(f"[dim]# {running.service.words}[/dim]")
    variable = running.service.variable
    out.print(f"{variable}={running.url}" if variable else running.url, markup=False)


COMMAND = Command("services", Group.RUN, services)
