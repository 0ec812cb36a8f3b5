"""`oo erase-again`: who was erased stays so, after the database was put back by its own means."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import operator
from oo.cli.running import is_running
from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import load_settings
from oo.store.erasure_log import FILE_NAME, ErasureLog


def erase_again(
    erasures: Annotated[
        Path | None,
        typer.Option(help="The list of erasures; erasures.log of the data folder unless given."),
    ] = None,
) -> None:
    """Erase again whom a restored database has brought back, before anybody is served from it.

    `oo restore` does so by itself; this is for PostgreSQL's own backups and its recovery to a point
    in time.
    """
    from oo.jobs.backups import Backups
    from oo.vault.keyring import load_keyring

    settings = load_settings()
    if is_running(settings):
        raise ConfigurationError("oO is running on this data folder: end it first.")
    path = erasures or settings.data_dir.resolve() / FILE_NAME
    if not path.exists():
        raise ConfigurationError(
            f"There is no {path}, which says who was erased since: copy it from the host where"
            " oO's jobs ran last."
        )
    keyring = load_keyring(settings, make=False)
    backups = Backups(settings, keyring, SystemClock(), operator())
    count = backups.erase_again(ErasureLog(path.parent, path.name))
    out.print(f"{count} people who were erased since were erased again.")


COMMAND = Command("erase-again", Group.RUN, erase_again)
