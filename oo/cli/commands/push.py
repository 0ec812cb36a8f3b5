"""`oo push`: the keys that sign pushes to browsers."""

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

push = typer.Typer(help="The keys that sign pushes to browsers.", no_args_is_help=True)


@push.command()
def rotate() -> None:
    """Make a new key; browsers move to it at their next visit, and the old one signs until then."""
    from oo.push.vapid import VapidKeys
    from oo.vault.keyring import load_keyring
    from oo.vault.operator import OperatorVault

    settings = load_settings()
    vault = OperatorVault(load_keyring(settings))
    made = with_store(settings, lambda db: VapidKeys(db, vault, SystemClock(), "").rotate())
    out.print(f"Key {made.id} signs for new subscriptions.")


@push.command()
def keys() -> None:
    """List the keys, the newest first, with the number of devices that need each."""
    from oo.store import devices, vapid_keys
    from oo.store.database import Database

    async def listed(db: Database) -> list[str]:
        async with db.read() as connection:
            counted = await devices.count_by_key(connection)
            rows = await vapid_keys.every(connection)
        return [
            f"{it.id}  {it.created_at:%Y-%m-%d}  {counted.get(it.id, 0)} devices" for it in rows
        ]

    for line in with_store(load_settings(), listed):
        out.print(line)


COMMAND = Command("push", Group.PEOPLE, push)
