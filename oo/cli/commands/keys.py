"""`oo keys`: the master keys of the token vault."""

from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.store.offline import with_store

keys = typer.Typer(help="Master keys of the token vault.", no_args_is_help=True)


@keys.command()
def rotate() -> None:
    """Seal every person's data key under the newest master key; oO may go on running."""
    from oo.push.vapid import VapidKeys
    from oo.vault.audit_head import AuditHead
    from oo.vault.keyring import load_keyring
    from oo.vault.operator import OperatorVault
    from oo.vault.service import Vault

    settings, clock = load_settings(), SystemClock()
    keyring = load_keyring(settings)
    vault = Vault(keyring, clock)
    AuditHead.of(settings).sign_anew()
    with_store(settings, lambda db: VapidKeys(db, OperatorVault(keyring), clock, "").reseal())
    out.print(f"{with_store(settings, vault.rewrap)} data keys sealed anew.")


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
    lost = with_store(settings, lambda db: abandon_unreadable(db, settings))
    out.print(f"{lost} people must connect their sources again.")


COMMAND = Command("keys", Group.PEOPLE, keys)
