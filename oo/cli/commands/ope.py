"""`oo ope`: what each policy would have earned on the store's decision log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from oo.cli.command import Command, Group
from oo.cli.views import evaluation as view
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.mlops.deliveries import DeliveryQuestion
from oo.mlops.deliveries import evaluate as of_deliveries
from oo.mlops.evaluation import USUAL_ESTIMATORS, By, Evaluation, Question, evaluate, known
from oo.vault.offline import with_store


def ope(
    policy: Annotated[
        list[str] | None, typer.Argument(help="NAME or NAME@VERSION; all when none is given.")
    ] = None,
    estimator: Annotated[
        list[str] | None, typer.Option(help=f"Repeatable: {', '.join(known())}.")
    ] = None,
    by: Annotated[By | None, typer.Option(help="Divide the log.")] = None,
    against: Annotated[
        str | None, typer.Option(help="Also the paired difference from this policy.")
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="Leave out older decisions (UTC).")] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence.")] = 0.95,
    missing_reward: Annotated[
        float | None, typer.Option(help="Reward of a tip without a reaction; else left out.")
    ] = None,
    unsettled: Annotated[
        bool, typer.Option("--unsettled", help="Also decisions younger than a day: biased.")
    ] = False,
    supported_only: Annotated[
        bool, typer.Option("--supported-only", help="Only decisions that any policy could make.")
    ] = False,
    deliveries: Annotated[
        bool,
        typer.Option(
            "--deliveries",
            help="The log of decisions to speak; policies such as threshold:least=0.6.",
        ),
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Also write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw them here (PNG).")] = None,
) -> None:
    """Evaluate policies on the decision log, without showing anybody anything."""
    if deliveries:
        asked = DeliveryQuestion(
            tuple(policy or ()),
            tuple(estimator or USUAL_ESTIMATORS),
            against,
            _in_utc(since),
            level,
            supported_only,
        )
        _tell(with_store(load_settings(), lambda db: of_deliveries(db, asked)), level, json, plot)
        return
    question = Question(
        policies=tuple(policy or ()),
        estimators=tuple(estimator or USUAL_ESTIMATORS),
        by=by,
        against=against,
        since=_in_utc(since),
        level=level,
        missing_reward=missing_reward,
        unsettled=unsettled,
        supported_only=supported_only,
    )
    now = SystemClock().now()
    found = with_store(load_settings(), lambda db: evaluate(db, question, now))
    _tell(found, level, json, plot)


def _in_utc(since: datetime | None) -> datetime | None:
    return since.replace(tzinfo=UTC) if since and since.tzinfo is None else since


def _tell(found: Evaluation, level: float, json: Path | None, plot: Path | None) -> None:
    view.show(found, level)
    if json:
        rows = [view.record(one) for one in found.findings]
        json.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    if plot:
        view.plot(plot, found, level)


COMMAND = Command("ope", Group.RESEARCH, ope)
