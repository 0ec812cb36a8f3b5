"""`oo demo`: a store of its own with simulated people, to look at a living console."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from rich.progress import Progress

from oo.cli.command import Command, Group
from oo.cli.console import err, out
from oo.kit.errors import Conflict
from oo.kit.settings import Settings, load_settings


def demo(
    people: Annotated[int, typer.Option(min=5, max=2_000, help="Simulated people.")] = 200,
    days: Annotated[int, typer.Option(min=6, max=30, help="Days that they live.")] = 30,
    seed: Annotated[int, typer.Option(help="Another one makes other people.")] = 1,
) -> None:
    """Fill a store of its own with simulated people, through the code that serves real ones.

    It lies in `demo` in the data folder; nothing of the real store is read or written. The owner
    of the machine is an admin in it.
    """
    settings = load_settings()
    folder = settings.data_dir.resolve() / "demo"
    if (folder / "oo.db").exists():
        raise Conflict(f"There is a demonstration in {folder} already: remove it for another one.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = settings.model_copy(update={"data_dir": folder, "database_url": ""})
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(f"{people} people live {days} days …", total=days)
        made = asyncio.run(
            _fill(own, people, days, seed, lambda day: bar.update(task, completed=day))
        )
    out.print(made)
    out.print(f"See it: [bold]OO_DATA_DIR={folder} oo serve[/bold], sign in, and open /admin.")


async def _fill(
    settings: Settings, people: int, days: int, seed: int, on_day: Callable[[int], None]
) -> str:
    from oo.kit.clock import SystemClock
    from oo.mlops.demo import Demo
    from oo.store.database import Database
    from oo.store.migrate import migrate
    from oo.vault.service import Vault

    db = Database(settings.store_url, Vault.of(settings), lasting=False)  # it is made in minutes
    await migrate(db)
    end = SystemClock().now().replace(minute=0, second=0, microsecond=0)
    try:
        done = await Demo(db, settings, end, seed).fill(people, days, on_day)
    finally:
        await db.close()
    return f"{done.people} people, {done.tips} tips, {done.reactions} reactions."


COMMAND = Command("demo", Group.RUN, demo)
