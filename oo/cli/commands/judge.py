"""`oo judge`: how good tips are, by rule or by a model; the rubric, and the rule's calibration."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.commands.simulate import MODELS
from oo.cli.console import err, out
from oo.kit.errors import BadRequest

judge = typer.Typer(help="Judge tips.", no_args_is_help=True)


@judge.command("tips")
def tips(
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="CSV, JSON or YAML: list, hour, tip."),
    ] = None,
    own: Annotated[
        bool, typer.Option("--set", help="The product's own tips, over drawn lists.")
    ] = False,
    by: Annotated[str, typer.Option("--judge", help="rule, or llm: the alias `judge`.")] = "rule",
    sets: Annotated[int, typer.Option(min=1, help="Sets of six a language, with --set.")] = 2,
    seed: Annotated[int, typer.Option(help="Same seed, same lists.")] = 7,
    models: Annotated[Path, typer.Option(help="File of model aliases, for llm.")] = MODELS,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Score tips from 1 to 5 and name their faults: those of a file, or the product's own.

    `list` holds titles (in CSV parted by `|`), or entries with title, due (days) and age (days).
    """
    from oo.cli.views import judging as view
    from oo.mlops import judging

    if (file is None) is not own:
        raise BadRequest("Give a file of tips, or --set for the product's own.")
    with err.status("Judging …"):
        readings = judging.own_set(sets, seed) if file is None else judging.read_file(file)
        found = asyncio.run(judging.judge(by, readings, models))
    if as_json:
        typer.echo(json.dumps(view.plain(found), indent=2, ensure_ascii=False))
    else:
        view.show(found)


@judge.command("rubric")
def rubric() -> None:
    """Print the rubric that people and models judge by."""
    from oo.cli.views.judging import show_rubric
    from oo.mlops.judging import rubric as aspects

    show_rubric(aspects())


@judge.command("fit")
def fit(
    write: Annotated[bool, typer.Option("--write", help="Make them the rule's own.")] = False,
) -> None:
    """Fit the rule to the verdicts of readers, and say how it agrees with them on unseen lists."""
    from oo.cli.views.judging import show_agreement
    from oo.mlops import judging

    with err.status("Fitting …"):
        found = judging.fit()
    out.print(f"Fitted to {found.coefficients.fitted_to}; agreement on lists left out of the fit:")
    show_agreement(found.agreement)
    if write:
        out.print(f"Written to {judging.save(found)}")


COMMAND = Command("judge", Group.RESEARCH, judge)
