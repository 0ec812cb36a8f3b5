"""`oo finetune`: a LoRA adapter from reactions, measured, promoted, rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oo.cli.command import Command, Group
from oo.cli.console import err, out, wide
from oo.cli.orders import Actor, Reason, order_of
from oo.kit.settings import load_settings
from oo.store import adapters as store
from oo.store.adapters import AdapterChange, Adapters
from oo.store.database import Database
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from oo.mlops.finetuning import Listener, Tuned

finetune = typer.Typer(help="Fine-tune the tip model on reactions: LoRA adapters.")

Name = Annotated[str, typer.Argument(help="NAME@VERSION.")]


@finetune.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    simulated: Annotated[
        int, typer.Option(min=0, help="Simulated people instead of those who agreed to pooling.")
    ] = 0,
    name: Annotated[str, typer.Option(help="What to call the adapter.")] = "reactions",
    days: Annotated[int, typer.Option(min=1, help="Days of the simulated lives.")] = 3,
    decisions: Annotated[int, typer.Option(min=1, help="Tips per simulated person and day.")] = 4,
    trial: Annotated[
        int, typer.Option(min=0, help="New simulated people who live with base and adapter.")
    ] = 100,
    trial_days: Annotated[int, typer.Option(min=1, help="For how many days.")] = 1,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each pair is seen.")] = 3,
    rate: Annotated[float, typer.Option(help="The learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Same seed, same adapter.")] = 7,
    threads: Annotated[int, typer.Option(min=1, help="Of torch.")] = 2,
) -> None:
    """Make an adapter and measure it against its base; nothing is put in force.

    Started again with the same options, it goes on from its last checkpoint.
    """
    if context.invoked_subcommand:
        return
    from oo.mlops.finetuning import Plan  # torch and MLflow take seconds to import
    from oo.mlops.finetuning import finetune as make

    plan = Plan(
        name=name,
        simulated=simulated,
        days=days,
        decisions=decisions,
        trial=trial,
        trial_days=trial_days,
        epochs=epochs,
        rate=rate,
        seed=seed,
        threads=threads,
    )
    with _progress() as listener:
        tuned = make(load_settings(), plan, listener)
    _show(tuned)


@finetune.command("list")
def list_() -> None:
    """The adapters of the data folder, and who put which in force, when and why."""
    from oo.mlops.adapters import kept

    settings = load_settings()

    async def work(db: Database) -> tuple[Adapters, list[AdapterChange]]:
        async with db.read() as connection:
            return await store.current(connection), await store.history(connection)

    now, history = with_store(settings, work)
    for one in kept(settings):
        mark = "  in force" if one in now.by_alias.values() else ""
        out.print(f"{one}{mark}")
    for change in history:
        out.print(
            f"[dim]{change.created_at:%Y-%m-%d %H:%M}[/dim] {change.adapter} {change.role} by"
            f" {change.actor}: {change.reason}"
        )


@finetune.command()
def promote(name: Name, reason: Reason, actor: Actor = "") -> None:
    """Have the tip generator's model answer with this adapter; its base serves beside it."""
    from oo.mlops import adapters

    settings, order = load_settings(), order_of(actor, reason)
    found = with_store(settings, lambda db: adapters.promote(db, settings, name, order))
    out.print(f"{found} is in force; running generators follow within a second.")
    out.print("Back: oo finetune rollback --reason …")


@finetune.command()
def rollback(reason: Reason, actor: Actor = "") -> None:
    """Go back to the adapter that was in force before, or to the base alone."""
    from oo.mlops import adapters

    order = order_of(actor, reason)
    found = with_store(load_settings(), lambda db: adapters.rollback(db, order))
    out.print(f"{found.adapter} is out; {found.now or 'the base alone'} answers again.")


@contextmanager
def _progress() -> "Iterator[Listener]":
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bar:
        tasks: dict[str, int] = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done)  # type: ignore[arg-type]

        yield told


def _show(tuned: "Tuned") -> None:
    out.print(f"{tuned.adapter}: {tuned.pairs} pairs of {tuned.tips} tips of {tuned.people} people")
    table = Table(box=None, pad_edge=False)
    for title in ("", "base", "adapter", "difference, 95% over people", "people"):
        table.add_column(title, justify="left" if not title else "right")
    for one in tuned.figures:
        table.add_row(
            one.name, f"{one.base:.4f}", f"{one.adapter:.4f}", str(one.difference), f"{one.n}"
        )
    wide().print(table)
    out.print(f"In {tuned.folder}, and in MLflow as run {tuned.mlflow_run_id}.")
    out.print(f"Next: oo finetune promote {tuned.adapter} --reason …")


COMMAND = Command("finetune", Group.LEARNING, finetune)
