"""Simulations: runs with their configuration and result, and what happened in them by day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.store.tables import sim_events, sim_runs

RUNNING = "running"
FINISHED = "finished"
FAILED = "failed"
ROWS_PER_INSERT = 2000


@dataclass(frozen=True, slots=True)
class SimulationRun:
    """One run; `summary` is empty until it has finished."""

    id: str
    name: str
    created_at: datetime
    kind: str
    seed: int
    config: dict[str, Any]
    mlflow_run_id: str | None
    status: str = RUNNING
    finished_at: datetime | None = None
    summary: dict[str, Any] | None = None


class DayEvent(NamedTuple):
    """One day of one simulated person (or of all, `persona` None) under one policy.

    `reward` is the mean of the tips that were seen, None if none was; `regret` and `propensity`
    are means over decisions.
    """

    policy: str
    seed: int
    persona: int | None
    day: int
    decisions: int
    seen: int
    dismissed: int
    reward: float | None
    regret: float
    propensity: float


async def begin(connection: AsyncConnection, run: SimulationRun) -> None:
    """Record a run that starts, or starts again: what an earlier attempt recorded is replaced."""
    await connection.execute(delete(sim_events).where(sim_events.c.run_id == run.id))
    await connection.execute(delete(sim_runs).where(sim_runs.c.id == run.id))
    await connection.execute(insert(sim_runs), {**asdict(run), "summary": run.summary or {}})


async def finish(
    connection: AsyncConnection,
    run_id: str,
    at: datetime,
    summary: dict[str, Any],
    events: Sequence[DayEvent],
) -> None:
    """Record the result of a run and its days, numbered in the given order."""
    for start in range(0, len(events), ROWS_PER_INSERT):
        rows = [
            {"run_id": run_id, "seq": start + offset, **event._asdict()}
            for offset, event in enumerate(events[start : start + ROWS_PER_INSERT])
        ]
        await connection.execute(insert(sim_events), rows)
    await connection.execute(
        update(sim_runs)
        .where(sim_runs.c.id == run_id)
        .values(status=FINISHED, finished_at=at, summary=summary)
    )


async def fail(connection: AsyncConnection, run_id: str, at: datetime, reason: str) -> None:
    """Record that a run ended without a result."""
    await connection.execute(
        update(sim_runs)
        .where(sim_runs.c.id == run_id)
        .values(status=FAILED, finished_at=at, summary={"error": reason})
    )


async def newest(connection: AsyncConnection, limit: int = 50) -> list[SimulationRun]:
    """The latest runs, newest first."""
    query = select(sim_runs).order_by(sim_runs.c.created_at.desc()).limit(limit)
    return [SimulationRun(**row._mapping) for row in await connection.execute(query)]


async def days(connection: AsyncConnection, run_id: str) -> list[DayEvent]:
    """The recorded days of one run, in order."""
    columns = [sim_events.c[name] for name in DayEvent._fields]
    query = select(*columns).where(sim_events.c.run_id == run_id).order_by(sim_events.c.seq)
    return [DayEvent(*row) for row in await connection.execute(query)]
