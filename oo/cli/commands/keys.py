"""`oo keys`: the master keys of the vault."""

from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import operator
from oo.cli.running import is_running
from oo.kit.clock import SystemClock
from oo.kit.errors import ConfigurationError
from oo.kit.settings import load_settings
from oo.store import audit, data_keys
from oo.store.audit import Entry
from oo.store.database import Database
from oo.store.key_copies import KeyCopy
from oo.vault.offline import with_store

keys = typer.Typer(help="Master keys of the vault.", no_args_is_help=True)


@keys.command()
def rotate(
    add: Annotated[
        bool, typer.Option(help="Make a new key first, where oO keeps them in its data folder.")
    ] = True,
) -> None:
    """Wrap every person's data key under a new master key; oO may go on running.

    Keys of OO_MASTER_KEYS are the operator's to add: the last one there is the new one.
    """
    from oo.push.vapid import VapidKeys
    from oo.vault.audit_head import AuditHead
    from oo.vault.keyring import key_file, load_keyring
    from oo.vault.operator import OperatorVault
    from oo.vault.service import Vault

    settings = load_settings()
    ring = load_keyring(settings)
    if add and not settings.master_keys:
        key_file(settings).add()
    AuditHead.of(settings).sign_anew()

    async def rewrap(db: Database) -> int:
        done = await Vault.of(settings).rewrap(db)
        await VapidKeys(db, OperatorVault(ring), SystemClock(), "").reseal()
        async with db.write() as connection:
            after: audit.Facts = {"key": ring.current_id, "rewrapped": done}
            entry = Entry(operator(), "keys.rotate", "store", SystemClock().now(), after=after)
            await audit.append(connection, entry)
        copy = KeyCopy(settings.data_dir.resolve())
        if copy.exists():
            async with db.read() as connection:
                copy.write(await data_keys.every(connection))
        return done

    done = with_store(settings, rewrap)
    out.print(f"{done} data keys wrapped under {ring.current_id!r}.")


@keys.command()
def drop(
    yes: Annotated[bool, typer.Option("--yes", help="Do it, without asking.")] = False,
) -> None:
    """Take master keys under which nothing is any more out of the data folder.

    What was sealed under them outside the store can no longer be read: older backups, and older
    copies of data keys.
    """
    from oo.vault.check import unused_keys
    from oo.vault.keyring import key_file

    settings = load_settings()
    if settings.master_keys:
        raise ConfigurationError("The master keys are those of OO_MASTER_KEYS: drop them there.")
    unused = with_store(settings, lambda db: unused_keys(db, settings))
    if unused and not yes:
        typer.confirm(f"Nobody can read backups under {', '.join(unused)} then. Go on?", abort=True)
    key_file(settings).drop(unused)
    out.print(f"{len(unused)} master keys dropped.")


@keys.command()
def seal() -> None:
    """Seal words that an earlier release wrote in the clear, now, and make the file anew.

    oO does the former by itself once a day. On PostgreSQL, `VACUUM FULL` afterwards.
    """
    from oo.jobs.sealing import seal_words

    sealed = with_store(load_settings(), lambda db: seal_words(db, whole=True))
    out.print(f"{sealed} rows sealed.")


@keys.command()
def abandon(
    yes: Annotated[bool, typer.Option("--yes", help="Do it, without asking.")] = False,
) -> None:
    """Give up what was sealed under master keys that are lost; people connect sources again."""
    from oo.vault.check import abandon_unreadable

    if not yes:
        typer.confirm(
            "What was sealed under lost master keys is erased for good. Go on?", abort=True
        )
    settings = load_settings()
    if is_running(settings):  # it may have a lost key in memory, and would go on sealing with it
        raise ConfigurationError("oO is running on this data folder: end it first.")
    lost = with_store(settings, lambda db: abandon_unreadable(db, settings))
    out.print(f"{lost} people must connect their sources again.")


COMMAND = Command("keys", Group.PEOPLE, keys)
