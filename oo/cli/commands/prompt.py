"""`oo prompt`: which prompt writes, which one challenges it, and who changed it and why."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.commands.simulate import MODELS
from oo.cli.console import err, out
from oo.cli.orders import Actor, Reason, order_of
from oo.kit.settings import load_settings
from oo.store import prompts as store
from oo.store.database import Database
from oo.store.prompts import PromptChange
from oo.vault.offline import with_store

prompt = typer.Typer(help="Prompts: challenged, promoted, searched.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(help="A version, as in `oo prompt list`.")]
Share = Annotated[float, typer.Option(min=0, max=1, help="Of people, drawn by hash.")]


@prompt.command("list")
def list_() -> None:
    """Every version with its content hash, and its role if it has one; then all changes."""
    from oo.cli.views import prompts as view
    from oo.mlops import prompts

    async def work(db: Database) -> tuple[list[prompts.Standing], list[PromptChange]]:
        async with db.read() as connection:
            return await prompts.standings(connection), await store.history(connection)

    standings, history = with_store(load_settings(), work)
    view.show_standings(standings)
    view.show_history(history)


@prompt.command()
def show(version: Version) -> None:
    """Print the file of a version."""
    from oo.mlops import prompts

    async def work(db: Database) -> str:
        async with db.read() as connection:
            return await prompts.body_of(connection, version)

    out.print(with_store(load_settings(), work), markup=False, soft_wrap=True)


@prompt.command()
def challenge(version: Version, reason: Reason, share: Share = 0.1, actor: Actor = "") -> None:
    """Let a share of people get tips by this version; always the same people."""
    from oo.mlops import prompts

    order = order_of(actor, reason)
    with_store(load_settings(), lambda db: prompts.challenge(db, version, share, order))
    out.print(f"{version} writes for {share:.0%} of people now. Back: oo prompt off")


@prompt.command()
def approve(version: Version, reason: Reason, share: Share = 0.1, actor: Actor = "") -> None:
    """Let a version that a search proposed challenge the one in force."""
    from oo.mlops import prompts

    order = order_of(actor, reason)
    with_store(load_settings(), lambda db: prompts.approve(db, version, share, order))
    out.print(f"{version} writes for {share:.0%} of people now. Back: oo prompt off")


@prompt.command()
def off(reason: Reason = "no longer needed", actor: Actor = "") -> None:
    """Take the challenger back."""
    from oo.mlops import prompts

    order = order_of(actor, reason)
    version = with_store(load_settings(), lambda db: prompts.withdraw(db, order))
    out.print(f"{version} is no challenger any more.")


@prompt.command()
def promote(
    reason: Reason,
    actor: Actor = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what the gate says.")
    ] = False,
) -> None:
    """Put the challenger in force for all if the gate passes it; ends with 1 if it is refused."""
    from oo.cli.views.policies import show_report
    from oo.mlops import prompts

    settings, order = load_settings(), order_of(actor, reason)
    report, latest = with_store(settings, lambda db: prompts.examine(db, order.at))
    show_report(report, None)
    if dry_run:
        out.print("Nothing was changed (--dry-run).")
        raise typer.Exit(0 if report.passed else 1)
    with_store(settings, lambda db: prompts.decide(db, report, latest, order))
    if not report.passed:
        out.print(f"{report.challenger} is refused; it stays the challenger.")
        raise typer.Exit(1)
    out.print(f"{report.challenger} is in force. Back: oo prompt rollback --reason …")


@prompt.command()
def rollback(reason: Reason, actor: Actor = "") -> None:
    """Go back to the prompt that was in force before."""
    from oo.mlops import prompts

    order = order_of(actor, reason)
    now = with_store(load_settings(), lambda db: prompts.rollback(db, order))
    out.print(f"In force again: {now}.")


@prompt.command()
def search(
    version: Annotated[str, typer.Option("--prompt", help="The version to vary.")],
    reason: Reason = "a search",
    actor: Actor = "",
    model: Annotated[str, typer.Option(help="The alias that writes.")] = "tip-generator",
    trials: Annotated[int, typer.Option(min=2, help="Variations to try.")] = 12,
    lists: Annotated[int, typer.Option(min=2, help="Lists in each language.")] = 10,
    languages: Annotated[str, typer.Option(help="Of the lists.")] = "en",
    seed: Annotated[int, typer.Option(help="Same seed, same lists and variations.")] = 7,
    aliases: Annotated[Path, typer.Option(help="File of model aliases.")] = MODELS,
) -> None:
    """Try declared variations of a prompt against the judge, and propose the best one.

    What is proposed serves nobody until `oo prompt approve`. Trials and files are in MLflow.
    """
    from rich.progress import Progress

    from oo.mlops import prompt_search

    codes = tuple(code.strip() for code in languages.split(","))
    plan = prompt_search.Search(version, model, trials, lists, codes, seed)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("writing and judging", total=trials)
        order = order_of(actor, reason)
        found = prompt_search.search(
            plan, load_settings(), aliases, order, lambda: bar.advance(task)
        )
    out.print(
        f"{found.tried} variations; best: {found.best}. On fresh lists {found.gain:+.2f} of 5"
        f" [{found.low:+.2f}, {found.high:+.2f}]. MLflow run {found.mlflow_run_id}"
    )
    if found.proposed:
        out.print(f"Proposed. To have it challenge: oo prompt approve {found.proposed} --reason …")
    else:
        out.print("Nothing is proposed: it is not surely better than what there is.")


COMMAND = Command("prompt", Group.LEARNING, prompt)
