"""`oo restore`: the store as a backup holds it."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import operator
from oo.cli.running import is_running
from oo.cli.views.copying import copying
from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings, load_settings
from oo.store.erasure_log import FILE_NAME, ErasureLog
from oo.store.key_copies import KeyCopy


def restore(
    file: Annotated[Path, typer.Argument(help="What `oo backup` made.")],
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is whole.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of the store that is there.")
    ] = False,
    erasures: Annotated[
        Path | None,
        typer.Option(help="The list of erasures; erasures.log of the data folder unless given."),
    ] = None,
    without_erasures: Annotated[
        bool, typer.Option("--without-erasures", help="There is no such list: nobody was erased.")
    ] = False,
    data_keys: Annotated[
        Path | None,
        typer.Option(help="The copy of data keys; data.keys of the data folder unless given."),
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="There is none: erase what they would open.")
    ] = False,
    key_file: Annotated[
        Path | None, typer.Option(help="The key that it was sealed under, if no master key.")
    ] = None,
) -> None:
    """Make the store what a backup holds; who was erased since is erased again.

    A backup that was cut off or altered is refused before anything is changed.
    """
    from oo.jobs.backups import Backups
    from oo.vault.keyring import key_file_ring, load_keyring

    settings = load_settings()
    settings.data_dir.resolve().mkdir(parents=True, exist_ok=True, mode=0o700)
    keyring = key_file_ring(key_file) if key_file else load_keyring(settings, make=False)
    backups = Backups(settings, keyring, SystemClock(), operator())
    size = file.stat().st_size if file.exists() else 0
    if check:
        with copying("reading", size) as tick:
            made_at = backups.verify(file, tick)
        out.print(f"{file} is whole; it was made at {made_at}.")
        return
    if is_running(settings):
        raise ConfigurationError("oO is running on this data folder: end it first.")
    known = _list_of(settings, erasures, without_erasures)
    with copying("restoring", 2 * size) as tick:  # it is read twice: nothing changes before
        copy = KeyCopy(data_keys.parent, data_keys.name) if data_keys else None
        done = backups.restore(file, known, replace, tick, copy, without_keys=without_keys)
    out.print(f"The store is what it was at {done.made_at}.")
    if done.erased_again:
        out.print(f"{done.erased_again} people who were erased since were erased again.")
    if done.unreadable:
        out.print(f"{done.unreadable} people have no data key any more: their words were erased.")


def _list_of(settings: Settings, given: Path | None, is_waived: bool) -> ErasureLog:
    path = given or settings.data_dir.resolve() / FILE_NAME
    if not path.exists() and not is_waived:
        raise ConfigurationError(
            f"There is no {path}, which says who was erased since: they would come back. Copy it"
            " from the data folder of before, or say --without-erasures if nobody was."
        )
    return ErasureLog(path.parent, path.name)


COMMAND = Command("restore", Group.RUN, restore)
