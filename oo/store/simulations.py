"""Simulations: runs with their configuration and result, and what happened in them by day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.kit.errors import Conflict
from oo.store.tables import sim_events, sim_runs

WAITING = "waiting"
RUNNING = "running"
FINISHED = "finished"
FAILED = "failed"
CANCELLED = "cancelled"
CUT = "cut"
GOING_ON = (WAITING, RUNNING)
ASKED = "asked"  # in the configuration of a run that the console was asked for: the form
ROWS_PER_INSERT = 2000


@dataclass(frozen=True, slots=True)
class SimulationRun:
    """One run. `summary` is its result; `done` and `of` while it runs, if the console was asked for
    it, and `error` if it has none.
    """

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


async def ask(connection: AsyncConnection, run: SimulationRun) -> None:
    """Have a run wait for its turn; its configuration holds the form under `ASKED`."""
    waiting = {**asdict(run), "status": WAITING, "summary": {}}
    await connection.execute(insert(sim_runs), waiting)


async def take_next(connection: AsyncConnection) -> SimulationRun | None:
    """The one that has waited longest, which runs from now on; None if none waits."""
    c = sim_runs.c
    query = select(c.id).where(c.status == WAITING).order_by(c.created_at, c.id).limit(1)
    run_id = (await connection.execute(query)).scalar_one_or_none()
    if run_id is None:
        return None
    taken = update(sim_runs).where(c.id == run_id, c.status == WAITING).values(status=RUNNING)
    if not (await connection.execute(taken)).rowcount:
        return None
    return await find(connection, run_id)


async def note(connection: AsyncConnection, run_id: str, done: float, of: float) -> bool:
    """Keep how far a run is; whether it still runs, as far as the store knows."""
    running = update(sim_runs).where(sim_runs.c.id == run_id, sim_runs.c.status == RUNNING)
    noted = running.values(summary={"done": done, "of": of})
    return bool((await connection.execute(noted)).rowcount)


async def end(
    connection: AsyncConnection, run_id: str, status: str, at: datetime, why: str
) -> bool:
    """End a run without a result; whether it was one that waited or ran."""
    c = sim_runs.c
    ended = (
        update(sim_runs)
        .where(c.id == run_id, c.status.in_(GOING_ON))
        .values(status=status, finished_at=at, summary={"error": why})
    )
    return bool((await connection.execute(ended)).rowcount)


async def find(connection: AsyncConnection, run_id: str) -> SimulationRun | None:
    """The run of that id."""
    row = (await connection.execute(select(sim_runs).where(sim_runs.c.id == run_id))).first()
    return SimulationRun(**row._mapping) if row else None


async def asked_for(
    connection: AsyncConnection, statuses: Sequence[str] = GOING_ON
) -> list[SimulationRun]:
    """Those that the console was asked for and that are so, those that came first in front."""
    c = sim_runs.c
    query = select(sim_runs).where(c.status.in_(statuses)).order_by(c.created_at, c.id)
    found = [SimulationRun(**row._mapping) for row in await connection.execute(query)]
    return [run for run in found if ASKED in run.config]


async def begin(connection: AsyncConnection, run: SimulationRun) -> None:
    """Record a run that starts, or starts again: what an earlier attempt recorded is replaced, but
    for the form by which it was asked for.

    Raises Conflict for one that was asked for and has been ended meanwhile.
    """
    earlier = await find(connection, run.id)
    if earlier is not None and ASKED in earlier.config:
        if earlier.status not in GOING_ON:
            raise Conflict(f"{run.name} was ended before it began: {earlier.status}.")
        run = replace(run, config={**run.config, ASKED: earlier.config[ASKED]})
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
