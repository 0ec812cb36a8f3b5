"""Simulations and evaluations: what runs and waits, what was found, and a form to start one."""

from typing import Any

from oo.admin.desk import Desk
from oo.admin.mlflow import to_run
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.mlops import roles
from oo.store import simulations
from oo.store.simulations import ASKED, GOING_ON, SimulationRun

MOST = 100
REFRESH_S = 2
BY = {"model": "model", "prompt": "prompt", "kind": "kind", "hour": "hour", "cohort": "cohort"}


async def read(desk: Desk, query: Query) -> Screen:
    """The newest first; asked for again every two seconds while one waits or runs."""
    async with desk.reading() as connection:
        runs = await simulations.newest(connection, MOST)
        standings = await roles.standings(connection)
    going_on = [run for run in runs if run.status in GOING_ON and ASKED in run.config]
    refs = [str(one.policy) for one in standings]
    to = to_run(desk.parts, desk.looker)
    return Screen(
        tables=[
            Table(
                "runs",
                "Runs",
                (
                    Column("created_at", "Begun", Kind.INSTANT),
                    Column("name", "Name", to="/admin/simulations/{}", by="id"),
                    Column("kind", "Kind"),
                    Column("status", "State", Kind.STATE),
                    Column("part", "Done", Kind.SHARE),
                    Column("took", "Took, s", Kind.NUMBER),
                    Column("found", "Found"),
                    Column("mlflow_run_id", "MLflow run", Kind.ID, to=to),
                ),
                [_row(run) for run in runs],
                "None was run. Start one above, or in a terminal by `oo simulate` and `oo ope`.",
                peek="/admin/simulations/{}",
            )
        ],
        values={
            "going_on": going_on,
            "names": list(dict.fromkeys(one.policy.name for one in standings)),
            "refs": refs,
            "in_force": refs[0],
            "shadows": [str(one.policy) for one in standings if one.role == "shadow"],
            "by": BY,
        },
        refresh_s=REFRESH_S if going_on else 0,
    )


def part_of(run: SimulationRun) -> float | None:
    """How far it is, 0 to 1; None where nobody says."""
    summary = run.summary or {}
    return min(1.0, summary["done"] / summary["of"]) if summary.get("of") else None


def _row(run: SimulationRun) -> dict[str, Any]:
    took = (run.finished_at - run.created_at).total_seconds() if run.finished_at else None
    return {
        "id": run.id,
        "created_at": run.created_at,
        "name": run.name,
        "kind": run.kind,
        "status": run.status,
        "part": part_of(run),
        "took": took,
        "found": _found(run),
        "mlflow_run_id": run.mlflow_run_id,
    }


def _found(run: SimulationRun) -> str:
    """The result in a few words: who came first, or why there is none."""
    summary = run.summary or {}
    if error := summary.get("error"):
        return str(error)
    if entries := summary.get("entries"):
        reward = entries[0]["summary"]["reward"]["mean"]
        return f"{entries[0]['label']} {reward:+.3f}"
    valued = [it for it in summary.get("findings", []) if it.get("value") and not it["slice"]]
    if valued:
        best = max(valued, key=lambda it: it["value"][0])
        return f"{best['policy']} {best['value'][0]:+.3f}"
    return ""


PAGE = ConsolePage(
    "simulations",
    "Simulations",
    Group.LEARNING,
    7,
    "What was tried on simulated people and on the log.",
    Query,
    read,
    template="simulations.html",
    has_period=False,
)
