"""`oo user`: people, for scripts."""

import sys
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.orders import operator
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.store.offline import with_store

user = typer.Typer(help="People (dev profile).", no_args_is_help=True)


@user.callback()
def people() -> None:
    """People (dev profile)."""


@user.command()
def session(email: Annotated[str, typer.Argument(help="The person's address.")]) -> None:
    """Make a person if there is none and print a session cookie for scripts (dev profile only)."""
    from oo.identity.local import create_script_session

    settings = load_settings()
    actor, clock = operator(), SystemClock()
    cookie = with_store(
        settings, lambda db: create_script_session(db, settings, clock, email, actor)
    )
    sys.stdout.write(cookie + "\n")


COMMAND = Command("user", Group.PEOPLE, user)
