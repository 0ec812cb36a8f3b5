"""`oo backup`: the whole store in one sealed file, while oO goes on."""

from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import operator
from oo.cli.views.copying import copying
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.store.key_copies import FILE_NAME as KEY_COPY
from oo.vault.offline import prepare_store


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; a name with the time unless given.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="Seal under this key, made if there is none, and no master key."),
    ] = None,
) -> None:
    """Copy the store into one sealed file and read it again; oO may go on running."""
    from oo.jobs.backups import Backups
    from oo.store import copies
    from oo.vault.keyring import key_file_ring, load_keyring

    settings, clock = load_settings(), SystemClock()
    prepare_store(settings)
    keyring = key_file_ring(key_file, make=True) if key_file else load_keyring(settings)
    file = file or Path(f"oo-{clock.now().astimezone(UTC):%Y%m%d-%H%M%S}.backup")
    with copying("sealing", copies.size(settings.store_url)) as tick:
        size = Backups(settings, keyring, clock, operator()).make(file, tick)
    out.print(f"{file}: {size:,} bytes, read again and found whole.")
    kept = settings.data_dir.resolve() / KEY_COPY
    out.print(f"{kept} has the data keys that open it: copy it elsewhere, over the copy before.")
    out.print(f"Keep the key elsewhere: without {key_file or 'the master key'} nobody can read it.")


COMMAND = Command("backup", Group.RUN, backup)
