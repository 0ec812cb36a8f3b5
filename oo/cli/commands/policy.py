"""`oo policy`: which policy decides, which ones only watch, and who changed it and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from oo.cli.command import Command, Group
from oo.cli.console import err, out
from oo.cli.local_node import pinned_policy
from oo.cli.orders import Actor, Reason, order_of
from oo.cli.views import policies as policies_view
from oo.kit.settings import load_settings
from oo.mlops import roles
from oo.mlops.promotion import TRIAL, Contest, Report, Trial, examine, prepare
from oo.mlops.roles import Standing
from oo.store import policies as store
from oo.store.database import Database
from oo.store.policies import Change
from oo.vault.offline import with_store

policy = typer.Typer(
    help="Policies: in force, in shadow, promoted and demoted.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="NAME or NAME@VERSION.")]


@policy.command("list")
def list_() -> None:
    """What is in force, what is in shadow, and what else there is."""

    async def work(db: Database) -> list[Standing]:
        async with db.read() as connection:
            return await roles.standings(connection)

    policies_view.show_standings(with_store(load_settings(), work))
    _warn_of_pin()


@policy.command()
def history() -> None:
    """Who changed what, when and why, with the gate's verdict; refused attempts too."""

    async def work(db: Database) -> list[Change]:
        async with db.read() as connection:
            return await store.history(connection)

    policies_view.show_history(with_store(load_settings(), work))


@policy.command()
def shadow(name: Name, reason: Reason, actor: Actor = "") -> None:
    """Have a policy say of each decision what it would have picked, without deciding."""
    order = order_of(actor, reason)
    found = with_store(load_settings(), lambda db: roles.shadow(db, name, order))
    out.print(f"{found} is a shadow now.")


@policy.command()
def off(name: Name, reason: Reason = "no longer needed", actor: Actor = "") -> None:
    """Turn a shadow off."""
    order = order_of(actor, reason)
    found = with_store(load_settings(), lambda db: roles.off(db, name, order))
    out.print(f"{found} is no shadow any more.")


@policy.command()
def promote(
    name: Name,
    reason: Reason,
    actor: Actor = "",
    since: Annotated[datetime | None, typer.Option(help="Leave out older decisions (UTC).")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what the gate says.")
    ] = False,
    personas: Annotated[int, typer.Option(min=50, help="Simulated people.")] = TRIAL.people,
    days: Annotated[int, typer.Option(min=7, help="Simulated days.")] = TRIAL.days,
    seeds: Annotated[int, typer.Option(min=1, help="Simulated populations.")] = TRIAL.seeds,
) -> None:
    """Put a policy in force if every check of the gate passes; ends with 1 if it is refused."""
    settings, order = load_settings(), order_of(actor, reason)
    start = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
    with err.status("Replaying the decision log …"):
        contest = with_store(settings, lambda db: prepare(db, name, order.at, start))
    report = _examine(contest, Trial(personas, days, seeds))
    policies_view.show_report(report, contest.since)
    if dry_run:
        out.print("Nothing was changed (--dry-run).")
        raise typer.Exit(0 if report.passed else 1)
    with_store(settings, lambda db: roles.decide(db, contest, report, order))
    if not report.passed:
        out.print(f"{report.challenger} is refused; {report.incumbent} stays in force.")
        raise typer.Exit(1)
    out.print(f"{report.challenger} is in force; running shards follow within a second.")
    out.print("Back: oo policy demote --reason …")
    _warn_of_pin()


@policy.command()
def demote(reason: Reason, actor: Actor = "") -> None:
    """Go back to the policy that was in force before, at once and in place."""
    order = order_of(actor, reason)
    found = with_store(load_settings(), lambda db: roles.demote(db, order))
    out.print(f"{found.policy} is out; {found.now} is in force again.")
    _warn_of_pin()


def _examine(contest: Contest, trial: Trial) -> Report:
    with _progress(2 * trial.seeds * trial.days) as bar:
        task = bar.task_ids[0]
        return examine(contest, trial, lambda: bar.advance(task))


@contextmanager
def _progress(days: int) -> Iterator[Progress]:
    columns = (TextColumn("Simulating"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        bar.add_task("", total=days)
        yield bar


def _warn_of_pin() -> None:
    found = pinned_policy(load_settings())
    if found:
        err.print(
            f"[yellow]The running oO has {found} pinned (user_config of BanditShard), which goes"
            " before all of this: take the pin out and `oo deploy`.[/yellow]"
        )


COMMAND = Command("policy", Group.LEARNING, policy)
