"""`oo migrate`: the store in the shape of this release."""

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.kit.settings import load_settings
from oo.vault.offline import prepare_store


def migrate() -> None:
    """Bring the store to the shape of this release."""
    prepare_store(load_settings())
    out.print("The store is up to date.")


COMMAND = Command("migrate", Group.RUN, migrate)
