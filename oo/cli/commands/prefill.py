"""`oo prefill`: candidates ahead of need, for everybody at once."""

import asyncio
import time
from functools import partial
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.running import as_running, health
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest, ConfigurationError
from oo.kit.settings import load_settings
from oo.store import batches
from oo.store.batches import Progress as Batch
from oo.store.database import Database
from oo.vault.offline import with_store

LOOK_EVERY_S = 1.0


def prefill(
    everybody: Annotated[bool, typer.Option("--all", help="All active people.")] = False,
    days: Annotated[
        int, typer.Option(min=0, help="Active in that many days; 0: OO_NIGHTLY__ACTIVE_DAYS.")
    ] = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Begin it and return.")] = False,
) -> None:
    """Make candidates for the hour at which each active person usually comes, as every night.

    The running oO does the work, also when this command ends. A batch that was cut off goes on
    where it was; nobody has two turns.
    """
    from oo.jobs.nightly import plan

    if not everybody:
        raise BadRequest("Say --all: single people's pools fill by themselves.")
    settings, clock = load_settings(), SystemClock()
    if health(as_running(settings)) is None:
        raise ConfigurationError("No oO answers here, and it does the work: start it first.")
    batch = with_store(settings, _newest)
    if batch is not None and batch.finished_at is None:
        out.print(
            f"Going on with batch {batch.id}: {batch.done} of {batch.people} people are done."
        )
    else:
        active_days = days or settings.nightly.active_days
        batch = with_store(settings, lambda db: plan(db, clock, active_days))
    if batch is None:
        out.print("Nobody is active who has something to do.")
    elif not detach:
        with_store(settings, partial(_follow, batch))


async def _follow(batch: Batch, db: Database) -> None:
    """Show how far it is until it has finished."""
    before, started = batch.done, time.monotonic()
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out) as bar:
        task = bar.add_task("", total=batch.people, completed=batch.done, rate="")
        while batch.finished_at is None:
            await asyncio.sleep(LOOK_EVERY_S)
            async with db.read() as connection:
                batch = await batches.progress(connection, batch.id)
            rate = (batch.done - before) / (time.monotonic() - started)
            bar.update(task, completed=batch.done, rate=f"{rate:.1f} people/s")
    ends = ", ".join(f"{count} {outcome}" for outcome, count in sorted(batch.outcomes.items()))
    out.print(f"Batch {batch.id}: {batch.done} of {batch.people} people are done ({ends}).")


async def _newest(db: Database) -> Batch | None:
    async with db.read() as connection:
        return await batches.newest(connection)


COMMAND = Command("prefill", Group.RUN, prefill)
