"""`oo user`: people, for scripts."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.orders import operator
from oo.domain.roles import Role
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from oo.store.database import Database

user = typer.Typer(help="People: sessions for scripts, roles.", no_args_is_help=True)


@user.callback()
def people() -> None:
    """People: sessions for scripts, roles."""


@user.command()
def session(
    emails: Annotated[list[str], typer.Argument(help="Addresses of people.", metavar="EMAIL…")],
) -> None:
    """Make people where there are none and print a session cookie for scripts for each, one a line
    (dev profile only).
    """
    from oo.identity.local import create_script_session

    settings = load_settings()
    actor, clock = operator(), SystemClock()

    async def make(db: "Database") -> list[str]:
        return [await create_script_session(db, settings, clock, email, actor) for email in emails]

    sys.stdout.writelines(f"{cookie}\n" for cookie in with_store(settings, make))


@user.command()
def role(
    person: Annotated[str, typer.Argument(help="The person's address or id.")],
    role: Annotated[Role, typer.Argument(help="What they may from now on.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the change.")] = "",
) -> None:
    """Give a person another role; their sessions end, and they sign in again."""
    from oo.identity.roles import Roles

    settings = load_settings()
    actor, clock = operator(), SystemClock()
    with_store(settings, lambda db: Roles(db, clock).set(actor, person, role, reason))


COMMAND = Command("user", Group.PEOPLE, user)
