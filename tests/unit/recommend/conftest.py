"""A store with one person, and what the recommendation core is connected to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oo.domain.decisions import Decision
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.kit.clock import Clock, ManualClock
from oo.kit.ids import new_id
from oo.store import candidates, decisions, tasks
from oo.store.database import Database
from tests.peers.store import add_person, fresh_store

START = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
FEATURES = {
    name: [1.0, 0.5]
    for name in (
        "is_overdue",
        "task_age_days",
        "priority",
        "hour_of_day",
        "day_of_week",
        "hour_sin",
        "hour_cos",
        "weekday_sin",
        "weekday_cos",
    )
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


@pytest.fixture
async def user(db: Database, clock: ManualClock) -> str:
    return await add_person(db, clock)


def candidate(
    clock: ManualClock, task_id: str | None = None, hours: float = 5, source: str = "llm"
) -> TipCandidate:
    return TipCandidate(
        id=new_id(clock),
        kind=TipKind.TASK,
        content="Begin.",
        source=source,
        model="m",
        prompt_version="v1",
        confidence=0.5,
        task_id=task_id,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=hours),
    )


async def put_pool(
    db: Database, clock: ManualClock, user_id: str, count: int = 3
) -> list[TipCandidate]:
    """Tasks, and a candidate about each."""
    found = [
        Task(f"file:{n}", "file", str(n), f"Task {n}", added_at=clock.now()) for n in range(count)
    ]
    fresh = [candidate(clock, task.id) for task in found]
    async with db.write() as connection:
        await tasks.put(connection, user_id, found)
        await candidates.replace(connection, user_id, "key", fresh, clock.now())
    return fresh


async def serve_tip(
    db: Database,
    clock: ManualClock,
    user_id: str,
    of: TipCandidate | None = None,
    features: dict[str, list[float]] = FEATURES,
) -> str:
    """A decision in the log; returns the tip's id."""
    made = decision(clock, user_id, of or candidate(clock), features)
    async with db.write() as connection:
        await decisions.append(connection, [made])
    return made.id


def decision(
    clock: Clock,
    user_id: str,
    shown: TipCandidate,
    features: dict[str, list[float]] = FEATURES,
) -> Decision:
    """A decision for the candidate and against another."""
    return Decision(
        id=new_id(clock),
        user_id=user_id,
        created_at=clock.now(),
        candidate=shown,
        candidate_ids=[shown.id, "0" * 32],
        chosen=0,
        policy="egreedy-v1",
        policy_version="1",
        seed=1,
        state_seq=0,
        propensities=[0.5, 0.5],
        scores=[0.0, 0.0],
        features=features,
        degraded=None,
        latency_ms=1.0,
    )
