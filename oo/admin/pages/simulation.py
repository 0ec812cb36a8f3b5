"""One simulation or evaluation: how far it is, and what it found."""

from collections.abc import Mapping, Sequence
from typing import Any

from oo.admin.desk import Desk
from oo.admin.mlflow import to_run
from oo.admin.page import ConsolePage, Group
from oo.admin.pages.simulations import REFRESH_S, part_of
from oo.admin.query import Query
from oo.admin.screen import Chart, Column, Estimate, Kind, Level, Notice, Screen, Series, Table
from oo.kit.errors import NotFound
from oo.store import simulations
from oo.store.simulations import ASKED, GOING_ON, RUNNING, WAITING, SimulationRun

Told = Mapping[str, Any]
WORDS = {
    "decisions": "tips a day",
    "seeds": "populations",
    "heterogeneity": "people differ by",
    "against": "in comparison with",
    "by": "divided by",
}


async def read(desk: Desk, query: Query, run_id: str) -> Screen:
    """What the store has of it; asked for again every two seconds while it goes on."""
    async with desk.reading() as connection:
        run = await simulations.find(connection, run_id) if run_id.isalnum() else None
        ahead = await simulations.asked_for(connection)
    if run is None:
        raise NotFound("There is no such run.")
    summary = run.summary or {}
    goes_on = run.status in GOING_ON and ASKED in run.config
    return Screen(
        notices=_notices(run, [one.id for one in ahead]),
        charts=[_curves(summary["entries"])] if summary.get("entries") else [],
        tables=[*_simulated(summary), *_evaluated(summary)],
        facts=_facts(run),
        values={
            "run": run,
            "goes_on": goes_on,
            "part": part_of(run),
            "to_run": to_run(desk.parts, desk.looker),
        },
        subject=run.name,
        refresh_s=REFRESH_S if goes_on else 0,
    )


def _notices(run: SimulationRun, ahead: Sequence[str]) -> list[Notice]:
    if run.status == WAITING and run.id in ahead:
        before = ahead.index(run.id)
        detail = f"{before} before it." if before else "It is the next one."
        return [Notice(Level.CALM, "It waits for its turn", detail, "/admin/simulations")]
    if error := (run.summary or {}).get("error"):
        level = Level.CALM if run.status == "cancelled" else Level.WATCH
        return [Notice(level, f"It is {run.status}", str(error), "/admin/simulations")]
    return []


def _facts(run: SimulationRun) -> dict[str, Any]:
    """What was asked for."""
    asked = run.config.get(ASKED) or _flat(run.config)
    summary = run.summary or {}
    told = {name: summary[name] for name in ("decisions", "people") if name in summary}
    facts: dict[str, Any] = {
        "state": run.status,
        "kind": run.kind,
        "begun": run.created_at,
        "ended": run.finished_at,
    }
    if run.status == RUNNING and (part := part_of(run)) is not None:
        facts["done"] = f"{100 * part:.0f}%"
    given = {name: it for name, it in asked.items() if it not in ("", None, False)}
    facts |= {WORDS.get(name, name): _said(value) for name, value in given.items()}
    return facts | {f"{name} of the log": value for name, value in told.items()}


def _flat(config: Told) -> dict[str, Any]:
    """The configuration of a run of a terminal, without what is nested."""
    policies = ",".join(one["policy"] for one in config.get("variants", []))
    plain = {name: it for name, it in config.items() if not isinstance(it, dict | list)}
    return {"policies": policies, **plain}


def _said(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _curves(entries: Sequence[Told]) -> Chart:
    longest = max(len(one["reward_by_day"]) for one in entries)
    return Chart(
        "rewards",
        "Reward by day",
        [Series(one["label"], one["reward_by_day"]) for one in entries[:8]],
        labels=[str(day + 1) for day in range(longest)],
        unit="reward",
        note="Means of all simulated people.",
    )


def _simulated(summary: Told) -> list[Table]:
    if not summary.get("entries"):
        return []
    against = summary.get("against", {})
    rows = []
    for one in summary["entries"]:
        found = one["summary"]
        other = against.get(one["label"])
        rows.append(
            {
                "policy": one["label"],
                "reward": _estimate(found["reward"], found["people"]),
                "regret": _estimate(found["regret"], found["people"]),
                "done": found["done_rate"]["mean"],
                "dismissed": found["dismiss_rate"]["mean"],
                "difference": _estimate(other["reward"], other["pairs"]) if other else None,
                "better": other["better"] if other else None,
            }
        )
    reference = summary.get("reference", "")
    return [
        Table(
            "policies",
            "Policies",
            (
                Column("policy", "Policy"),
                Column("reward", "Reward", Kind.ESTIMATE),
                Column("regret", "Regret", Kind.ESTIMATE),
                Column("done", "Done", Kind.SHARE),
                Column("dismissed", "Dismissed", Kind.SHARE),
                Column("difference", f"{reference} is better by", Kind.ESTIMATE),
                Column("better", "For so many", Kind.SHARE),
            ),
            rows,
            "Nothing was found.",
            note="Paired by person: all policies meet the same people, tasks and dice.",
        )
    ]


def _estimate(interval: Told, n: int) -> Estimate:
    return Estimate(interval["mean"], interval["low"], interval["high"], n)


def _bounded(finding: Told, name: str) -> Estimate | None:
    if not finding.get(name):
        return None
    value, low, high = finding[name]
    return Estimate(value, low, high, finding["n"])


def _evaluated(summary: Told) -> list[Table]:
    if not summary.get("findings"):
        return []
    rows = [
        {
            "policy": one["policy"],
            "slice": one["slice"],
            "estimator": one.get("estimator"),
            "value": _bounded(one, "value"),
            "difference": _bounded(one, "difference"),
            "ess": one.get("ess"),
            "max_weight": one.get("max_weight"),
        }
        for one in summary["findings"]
    ]
    is_sliced = any(row["slice"] for row in rows)
    return [
        Table(
            "findings",
            "What each would have earned",
            (
                Column("policy", "Policy"),
                Column("slice", "Slice", hidden=not is_sliced),
                Column("estimator", "Estimator"),
                Column("value", "Value", Kind.ESTIMATE),
                Column("difference", "Better by", Kind.ESTIMATE),
                Column("ess", "Effective n", Kind.NUMBER),
                Column("max_weight", "Largest weight", Kind.NUMBER),
            ),
            rows,
            "Nothing was found.",
            note=f"{summary.get('without_reward', 0)} decisions without a reward and"
            f" {summary.get('unsettled', 0)} that are younger than a day were left out.",
        )
    ]


PAGE = ConsolePage(
    "simulation",
    "Simulation",
    Group.LEARNING,
    7,
    "One run, and what it found.",
    Query,
    read,
    path="simulations/{id}",
    template="simulation.html",
    under="simulations",
    has_period=False,
)
