"""Simulations that were run, with what they found."""

from typing import Any

from oo.admin.desk import Desk
from oo.admin.page import ConsolePage, Group
from oo.admin.query import Query
from oo.admin.screen import Column, Kind, Screen, Table
from oo.store import simulations
from oo.store.simulations import SimulationRun

MOST = 100


async def read(desk: Desk, query: Query) -> Screen:
    """The newest first. They are started by `oo simulate`, which may take hours."""
    async with desk.reading() as connection:
        runs = await simulations.newest(connection, MOST)
    return Screen(
        tables=[
            Table(
                "runs",
                "Runs",
                (
                    Column("created_at", "Begun", Kind.INSTANT),
                    Column("name", "Name"),
                    Column("kind", "Kind"),
                    Column("status", "State", Kind.STATE),
                    Column("took", "Took, s", Kind.NUMBER),
                    Column("winner", "Found"),
                    Column("mlflow_run_id", "MLflow run", Kind.ID),
                ),
                [_row(run) for run in runs],
                "None was run. `oo simulate` starts one; `oo ope` evaluates on the log.",
            )
        ]
    )


def _row(run: SimulationRun) -> dict[str, Any]:
    took = (run.finished_at - run.created_at).total_seconds() if run.finished_at else None
    summary = run.summary or {}
    found = summary.get("winner") or summary.get("best") or ""
    return {
        "created_at": run.created_at,
        "name": run.name,
        "kind": run.kind,
        "status": run.status,
        "took": took,
        "winner": str(found),
        "mlflow_run_id": run.mlflow_run_id,
    }


PAGE = ConsolePage(
    "simulations",
    "Simulations",
    Group.LEARNING,
    7,
    "What was tried on simulated people.",
    Query,
    read,
    has_period=False,
)
