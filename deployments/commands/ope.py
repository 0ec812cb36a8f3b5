"""`oo ope`: what each policy would have earned on the store's decision log."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import orjson
import typer
from rich.console import Console
from rich.table import Table

from deployments import choosing
from deployments.forest import Row, save_forest
from deployments.offpolicy import By, DecisionLog, labels_of, read_log, replay
from deployments.shell import out, with_store
from ml.ope.estimators import Estimator, estimators
from ml.ope.evaluation import Difference, Estimate, compare, evaluate
from ml.ope.feedback import BanditFeedback, Floats
from ml.ope.intervals import Clusters
from ml.ope.slices import by_candidate, by_round
from ml.policies import policies
from oo.domain.policy import Policy
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest, OoError
from oo.kit.settings import load_settings
from oo.store.database import Database

ESTIMATORS = ("dr", "snips", "ips")
MANY_PEOPLE = 10
LOGGED = "as logged"
READABLE_WIDTH = 120  # a pipe counts as narrow, and figures that wrap are hard to read


class Replayed(NamedTuple):
    """The log, and the propensities (n, K) of each target policy on it, by name."""

    log: DecisionLog
    propensities: dict[str, Floats]


class Finding(NamedTuple):
    """One line of the answer; `label` is empty for a whole policy, `share` is of its choices."""

    policy: str
    label: str
    share: float
    estimate: Estimate | None
    difference: Difference | None


def ope(
    policy: Annotated[
        list[str] | None, typer.Argument(help="NAME or NAME@VERSION; all when none is given.")
    ] = None,
    estimator: Annotated[
        list[str] | None, typer.Option(help=f"Repeatable: {', '.join(estimators())}.")
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
    json: Annotated[Path | None, typer.Option(help="Also write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw them here (PNG).")] = None,
) -> None:
    """Evaluate policies on the decision log, without showing anybody anything."""
    chosen = [_estimator(name) for name in estimator or ESTIMATORS]
    names = list(dict.fromkeys([*(policy or sorted(policies())), *([against] if against else [])]))
    now = SystemClock().now()
    start = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since

    async def work(db: Database) -> Replayed:
        targets = [await _policy(db, name) for name in names]
        log = await read_log(db, now, start, missing_reward, unsettled=unsettled)
        tables = [await replay(db, target, log) for target in targets]
        return Replayed(log, dict(zip(names, tables, strict=True)))

    replayed = with_store(load_settings(), work)
    if supported_only:
        replayed = _supported(replayed)
    clusters = _clusters(replayed.log)
    found = [
        finding
        for one in chosen
        for finding in _findings(one, replayed, by, against, level, clusters)
    ]
    Console(highlight=False, width=max(out.width, READABLE_WIDTH)).print(_table(found, level))
    out.print(_foot(replayed.log, clusters))
    if json:
        json.write_bytes(orjson.dumps([_record(one) for one in found], option=orjson.OPT_INDENT_2))
    if plot:
        rows = [_row(one.policy, one.label, one.estimate) for one in found if one.estimate]
        save_forest(plot, rows, level)


def _findings(
    estimator: Estimator,
    replayed: Replayed,
    by: By | None,
    against: str | None,
    level: float,
    clusters: Clusters | None,
) -> list[Finding]:
    log = replayed.log
    feedback = {name: log.feedback(table) for name, table in replayed.propensities.items()}
    found = [] if by else [_whole(estimator, LOGGED, log.feedback(log.logging), level, clusters)]
    for name, one in feedback.items():
        if by:
            found += _slices(estimator, name, one, log, by, level, clusters)
            continue
        whole = _whole(estimator, name, one, level, clusters)
        if against and name != against:
            other = feedback[against]
            difference = compare(estimator, one, other, level=level, clusters=clusters)
            whole = whole._replace(difference=difference)
        found.append(whole)
    return found


def _whole(
    estimator: Estimator,
    name: str,
    feedback: BanditFeedback,
    level: float,
    clusters: Clusters | None,
) -> Finding:
    try:
        estimate = evaluate(estimator, feedback, level=level, clusters=clusters)
    except ValueError as error:
        raise OoError(f"{name} cannot be evaluated: {error}.") from error
    return Finding(name, "", 1.0, estimate, None)


def _slices(
    estimator: Estimator,
    name: str,
    feedback: BanditFeedback,
    log: DecisionLog,
    by: By,
    level: float,
    clusters: Clusters | None,
) -> list[Finding]:
    labels = labels_of(log, by)
    if by.of_candidate:
        slices = by_candidate(
            estimator, feedback, labels, regression=log.regress, level=level, clusters=clusters
        )
    else:
        # within one person, decisions are all that is left to be independent
        groups = None if by is By.USER else clusters
        slices = by_round(estimator, feedback, labels, level=level, clusters=groups)
    return [Finding(name, one.label, one.share, one.estimate, None) for one in slices]


def _estimator(name: str) -> Estimator:
    known = estimators()
    if name not in known:
        raise BadRequest(f"No estimator {name!r}; there are {', '.join(known)}.")
    return known[name]


async def _policy(db: Database, name: str) -> Policy:
    async with db.read() as connection:
        return await choosing.named(connection, name)


def _supported(replayed: Replayed) -> Replayed:
    masks = [replayed.log.supported(table) for table in replayed.propensities.values()]
    mask = np.logical_and.reduce(masks)
    kept = {name: table[mask] for name, table in replayed.propensities.items()}
    return Replayed(replayed.log.take(mask), kept)


def _clusters(log: DecisionLog) -> Clusters | None:
    """People, where there are enough of them to tell how they differ; else decisions."""
    people = log.people
    return people if len({*people.tolist()}) >= MANY_PEOPLE else None


def _table(found: Sequence[Finding], level: float) -> Table:
    labelled = any(one.label for one in found)
    compared = any(one.difference for one in found)
    table = Table(box=None, pad_edge=False)
    table.add_column("policy")
    if labelled:
        table.add_column("slice")
        table.add_column("share", justify="right")
    table.add_column("estimator")
    for title in ("value", f"{level:.0%} interval", "n", "ESS", "max w"):
        table.add_column(title, justify="right")
    if compared:
        table.add_column("difference", justify="right")
    for one in found:
        slice_cells = [one.label, f"{one.share:.0%}"] if labelled else []
        cells = [one.policy, *slice_cells, *_numbers(one.estimate)]
        table.add_row(*cells, *([_difference(one.difference)] if compared else []))
    return table


def _numbers(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", "too few", "", "", ""]
    return [
        estimate.estimator,
        f"{estimate.value:+.3f}",
        f"{estimate.interval.lower:+.3f} to {estimate.interval.upper:+.3f}",
        str(estimate.n),
        f"{estimate.effective_sample_size:.0f}",
        f"{estimate.max_weight:.1f}",
    ]


def _difference(difference: Difference | None) -> str:
    if difference is None:
        return ""
    lower, upper, _ = difference.interval
    return f"{difference.value:+.3f} ({lower:+.3f} to {upper:+.3f})"


def _foot(log: DecisionLog, clusters: Clusters | None) -> str:
    people = len({*log.people.tolist()})
    independent = "people" if clusters is not None else "decisions"
    missing = f"; {log.without_reward} without a reaction left out" if log.without_reward else ""
    young = f"; {log.unsettled} younger than a day, not settled, left out" if log.unsettled else ""
    return (
        f"{len(log)} decisions of {people} people{missing}{young}."
        f" Intervals take {independent} to be independent."
    )


def _record(finding: Finding) -> dict[str, Any]:
    estimate, difference = finding.estimate, finding.difference
    return {
        "policy": finding.policy,
        "slice": finding.label,
        "share": finding.share,
        **({} if estimate is None else estimate._asdict() | _limits(estimate)),
        "difference": None if difference is None else difference._asdict() | _limits(difference),
    }


def _limits(result: Estimate | Difference) -> dict[str, Any]:
    return {"interval": [result.interval.lower, result.interval.upper]}


def _row(policy: str, label: str, estimate: Estimate) -> Row:
    name = f"{policy}  {label}".strip()
    return Row(name, estimate.estimator, estimate.value, *estimate.interval[:2])
