"""`oo login`: a sign-in link for this machine's own user."""

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import operator
from oo.cli.running import as_running
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store


def login() -> None:
    """Print a one-time sign-in link for this machine's own user (dev profile on loopback)."""
    from oo.identity.local import create_login_link

    settings = as_running(load_settings())
    actor, clock = operator(), SystemClock()
    out.print(with_store(settings, lambda db: create_login_link(db, settings, clock, actor)))


COMMAND = Command("login", Group.PEOPLE, login)
