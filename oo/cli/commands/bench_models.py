"""`oo bench-models`: models and prompts over the same lists, with intervals."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.commands.simulate import MODELS
from oo.cli.console import err
from oo.kit.clock import SystemClock
from oo.kit.ids import new_id
from oo.kit.settings import load_settings

EMBEDDED = "embedded-v1,embedded-v2"


def bench_models(
    models: Annotated[
        str,
        typer.Option(help="Aliases, `composer` or `templates`; the first is compared with."),
    ] = "",
    prompts: Annotated[str, typer.Option(help="Prompts for each alias; its own otherwise.")] = "",
    languages: Annotated[str, typer.Option(help="Of the lists.")] = "en",
    lists: Annotated[int, typer.Option(min=2, help="Lists in each language.")] = 20,
    seed: Annotated[int, typer.Option(help="Same seed, same lists.")] = 7,
    aliases: Annotated[Path, typer.Option(help="File of model aliases.")] = MODELS,
    name: Annotated[str, typer.Option(help="What to call it; a name is made otherwise.")] = "",
) -> None:
    """Compare models and prompts: truth, faults, judge's score, variety, latency and tokens.

    Without --models: the tip generator with both embedded prompts, the composer alone, and
    templates. Ends with tables, CSV files and a picture in the data folder, and runs in MLflow.
    """
    from rich.progress import Progress

    from oo.cli.views.benchmark import show
    from oo.mlops import benchmark

    plan = benchmark.Plan(
        name=name or f"bench-{new_id(SystemClock())[:12]}",
        models=_parts(models) or benchmark.DEFAULT,
        prompts=_parts(prompts) or (() if models else _parts(EMBEDDED)),
        languages=_parts(languages),
        lists=lists,
        seed=seed,
    )
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("writing and judging", total=benchmark.total(plan))
        found = benchmark.run(plan, load_settings(), aliases, lambda: bar.advance(task))
    show(found)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


COMMAND = Command("bench-models", Group.RESEARCH, bench_models)
