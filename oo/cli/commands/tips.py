"""`oo tips`: read what would be said of a list, and judge it by rule."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.domain.tasks import Task
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest
from oo.kit.settings import load_settings

MODELS = Path(__file__).parents[3] / "configs" / "models.yaml"

tips = typer.Typer(help="Read and judge tips.", no_args_is_help=True)


@tips.command("show")
def show(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Any list oO imports.")],
    at: Annotated[str, typer.Option(help="Local time, as 2026-11-26T09:00; now otherwise.")] = "",
    zone: Annotated[str, typer.Option(help="The person's time zone.")] = "UTC",
    count: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 6,
    seed: Annotated[int, typer.Option(help="Same seed, same tips.")] = 7,
) -> None:
    """Print the tips that somebody with this list would be offered, without store or engine."""
    from oo.integrations.sources.file import FileSource
    from oo.mlops.tips import compose

    where = _zone(zone)
    now = _instant(at, where)
    upload = FileSource().parse(file.name, file.read_bytes(), now.date())
    tasks = [signal for signal in upload.signals if isinstance(signal, Task)]
    found = compose(tasks, where, now, count, seed)
    if not found:
        out.print("There is nothing to speak of in this list.")
    for one in found:
        about = one.activity or "kind of work not known" if one.kind != "advice" else "no task"
        out.print(f"[dim]{one.kind:9}[/dim]{one.content}  [dim]{one.insight}, {about}[/dim]")


@tips.command("eval")
def evaluate(
    sets: Annotated[int, typer.Option(min=1, help="Sets of six tips per language.")] = 50,
    seed: Annotated[int, typer.Option(help="Same seed, same lists.")] = 7,
    model: Annotated[
        str | None, typer.Option(help="Have this alias write them: tip-generator is OO_LLM__….")
    ] = None,
    models: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The file of aliases.")
    ] = MODELS,
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Judge composed tips on held-out titles: recognition, faults, variety and speed by language.

    The judge is a set of rules (`ml/composing/faults.py`); it knows nothing of how a tip was made.
    """
    from rich.progress import Progress

    from oo.cli.views.tips import show_report, show_written
    from oo.mlops.tips import evaluate as judge
    from oo.mlops.tips import evaluate_model

    with Progress(console=out, disable=as_json) as progress:
        if model is not None:
            made = evaluate_model(
                model,
                sets,
                seed,
                models,
                load_settings().llm,
                lambda codes: progress.track(codes, description="writing"),
            )
    if model is not None:
        if as_json:
            found = {code: one._asdict() for code, one in made.items()}
            typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        else:
            show_written(model, made)
        return
    with Progress(console=out, disable=as_json) as progress:
        report = judge(sets, seed, lambda codes: progress.track(codes, description="judging"))
    if as_json:
        typer.echo(json.dumps(_plain(report), indent=2, ensure_ascii=False))
    else:
        show_report(report)


def _plain(report: Any) -> dict[str, Any]:
    return {
        "recognition": {code or "all": r._asdict() for code, r in report.recognition.items()},
        "quality": {code: q._asdict() for code, q in report.quality.items()},
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadRequest(f"{name!r} is no time zone; one is Europe/Zurich.") from error


def _instant(text: str, zone: ZoneInfo) -> datetime:
    if not text:
        return SystemClock().now().astimezone(zone)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as error:
        raise BadRequest(f"{text!r} is no time; write 2026-11-26T09:00.") from error


COMMAND = Command("tips", Group.RESEARCH, tips)
