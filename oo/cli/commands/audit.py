"""`oo audit`: who did what to whom, and whether the log of it is whole."""

from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import err, out
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

audit = typer.Typer(help="The audit log.", no_args_is_help=True)


@audit.command()
def verify() -> None:
    """Follow the log's chain of hashes; name the first broken link and end with 1."""
    from oo.store.audit import Broken
    from oo.vault.audit_head import AuditHead, check

    settings = load_settings()
    found = with_store(settings, lambda db: check(db, AuditHead.of(settings)))
    if isinstance(found, Broken):
        err.print(f"[red]broken[/red]  entry {found.id}: {found.reason}")
        raise typer.Exit(1)
    out.print(f"{found.id} entries, none altered, none missing.")


@audit.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    action: Annotated[str, typer.Option(help="Only actions that begin so.")] = "",
    whom: Annotated[str, typer.Option(help="Only what was done to what begins so.")] = "",
) -> None:
    """Who did what to whom, when and why, the newest first."""
    from oo.cli.views.audit import show_log
    from oo.store.audit import Link, newest
    from oo.store.database import Database

    async def work(db: Database) -> list[Link]:
        async with db.read() as connection:
            return await newest(connection, limit, action, whom)

    show_log(with_store(load_settings(), work))


COMMAND = Command("audit", Group.PEOPLE, audit)
