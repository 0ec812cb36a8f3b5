"""`oo person`: a person moves from one oO to another."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import operator
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

person = typer.Typer(help="Move a person from one oO to another.", no_args_is_help=True)


@person.callback()
def people() -> None:
    """Move a person from one oO to another."""


@person.command(name="import")
def take_in(file: Annotated[Path, typer.Argument(help="The ZIP of an export.")]) -> None:
    """Store the person of an export, who then gets the tips that they would have got there."""
    from oo.identity.takein import takein

    settings = load_settings()
    arrived = with_store(settings, lambda db: takein(db, SystemClock(), file, operator()))
    out.print(f"  {arrived.user_id} is here, with {arrived.rows} rows")


COMMAND = Command("person", Group.PEOPLE, person)
