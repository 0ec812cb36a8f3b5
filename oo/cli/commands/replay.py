"""`oo replay`: models and decisions made again from the log, bit for bit."""

from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import err, out
from oo.kit.arithmetic import KERNELS, differs
from oo.kit.settings import load_settings
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import DecisionReport, Report, check_decisions, check_models
from oo.store.database import Database
from oo.vault.offline import with_store


def replay(
    check: Annotated[bool, typer.Option("--check", help="Fail when something differs.")] = False,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Also draw every decision again from its seed.")
    ] = False,
    deliveries: Annotated[
        bool,
        typer.Option("--deliveries", help="The decisions to speak or not, and what they learnt."),
    ] = False,
) -> None:
    """Fold every person's log again and compare with the stored models, bit for bit."""

    if deliveries:
        _replay_deliveries(check)
        return

    async def work(db: Database) -> tuple[Report, DecisionReport | None]:
        models = await check_models(db, find_by_key)
        return models, await check_decisions(db, Finder().find) if decisions else None

    report, drawn = with_store(load_settings(), work)
    different = report.different + (drawn.different if drawn else [])
    _show(different)
    out.print(
        f"{report.models} models, {report.reactions} reactions folded,"
        f" {len(report.different)} different, {report.behind} behind their log"
    )
    if drawn:
        out.print(
            f"{drawn.decisions} decisions and {drawn.opinions} of shadows drawn again,"
            f" {len(drawn.different)} came out different"
        )
    if check and different:
        raise typer.Exit(1)


def _replay_deliveries(check: bool) -> None:
    from oo.mlops.deliveries import check as check_deliveries  # its imports are for this alone

    report = with_store(load_settings(), check_deliveries)
    _show(report.different)
    out.print(
        f"{report.models} models of deliveries folded, {report.decisions} decisions drawn again,"
        f" {len(report.different)} came out different"
    )
    if check and report.different:
        raise typer.Exit(1)


def _show(different: list[str]) -> None:
    for difference in different:
        err.print(f"[red]differs[/red]  {difference}")
    if different and (found := differs()):
        err.print(
            f"numpy calculates by {found} here, logs are made by {KERNELS}: the last bits may"
            " differ for that alone. Leave OPENBLAS_CORETYPE unset, or take a host with AVX2."
        )


COMMAND = Command("replay", Group.LEARNING, replay)
