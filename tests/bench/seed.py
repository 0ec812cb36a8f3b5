"""A store full of people, candidates and served tips, the same for every system under test."""

import hashlib
import secrets
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.features import REGISTRY
from ml.policies.egreedy_v1 import POLICY
from oo.domain.decisions import Decision
from oo.domain.tasks import Task
from oo.domain.tips import Offer, TipCandidate, TipKind
from oo.kit.clock import SystemClock
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.store import candidates, decisions, tables
from oo.store import tasks as task_store
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.vault.service import Vault

POOL = 6
TASKS = 30
BATCH = 500


class Seeded(NamedTuple):
    """Cookies of the people, and (cookie, tip id) of the tips that wait for a reaction."""

    cookies: list[str]
    tips: list[tuple[str, str]]


async def seed(
    path: Path, people: int, tips: int, vault: Vault | None = None, address: str = ""
) -> Seeded:
    """Fill a new SQLite store at `path`, or else the empty one at the SQLAlchemy `address`."""
    clock = SystemClock()
    vault = vault or Vault.of(Settings(data_dir=path.parent), clock)  # that of who is measured
    db = Database(address or f"sqlite+aiosqlite:///{path}", vault)
    await migrate(db)
    cookies, owners = [], []
    async with db.write() as connection:
        for number in range(people):
            user_id = await add_person(connection, clock, str(number))
            cookie = await add_session(connection, clock, user_id)
            owners.append((user_id, cookie))
            cookies.append(cookie)
    served = []
    for start in range(0, tips, BATCH):
        batch = [
            _decision(clock, *owners[number % people]) for number in range(start, start + BATCH)
        ]
        async with db.write() as connection:
            await decisions.append(connection, [decision for decision, _ in batch])
        served += [(cookie, decision.id) for decision, cookie in batch]
    await db.close()
    return Seeded(cookies, served)


def open_words(path: Path) -> None:
    """Store the words of tasks and candidates as they are, for systems without a vault."""
    with sqlite3.connect(path) as connection:
        for number in range(TASKS):
            title = _title(number)
            connection.execute(
                "UPDATE tasks SET title = ?, sealed = NULL WHERE id = ?", (title, f"file:{number}")
            )
            connection.execute(
                "UPDATE candidates SET content = ?, sealed = NULL WHERE task_id = ?",
                (_content(number), f"file:{number}"),
            )


def _title(number: int) -> str:
    return f"Write to supplier number {number}"


def _content(number: int) -> str:
    return f"Give “{_title(number)}” ten minutes now."


async def add_person(
    connection: AsyncConnection, clock: SystemClock, name: str, role: str = "person"
) -> str:
    """Store a person with a list and a pool of candidates; their id."""
    user_id = new_id(clock)
    await connection.execute(
        insert(tables.users).values(
            id=user_id, email=f"{name}@bench.test", name=name, created_at=clock.now(), role=role
        )
    )
    await task_store.put(connection, user_id, _tasks(clock))
    await candidates.replace(connection, user_id, "bench", _candidates(clock), clock.now())
    return user_id


async def add_session(
    connection: AsyncConnection, clock: SystemClock, user_id: str, ago: timedelta = timedelta()
) -> str:
    """Store a session of somebody who signed in so long ago; its cookie."""
    cookie = secrets.token_urlsafe(32)
    await connection.execute(
        insert(tables.sessions).values(
            token_hash=hashlib.sha256(cookie.encode()).hexdigest(),
            user_id=user_id,
            created_at=clock.now() - ago,
            expires_at=clock.now() + timedelta(days=1),
            authenticated_at=clock.now() - ago,
            seen_at=clock.now(),
        )
    )
    return cookie


def _tasks(clock: SystemClock) -> list[Task]:
    now = clock.now()
    return [
        Task(
            id=f"file:{number}",
            source="file",
            external_id=str(number),
            title=_title(number),
            priority=1 + number % 4,
            due=(now + timedelta(days=number % 9 - 4)).date(),
            added_at=now - timedelta(days=number),
        )
        for number in range(TASKS)
    ]


def _candidates(clock: SystemClock) -> list[TipCandidate]:
    now = clock.now()
    return [
        TipCandidate(
            id=new_id(clock),
            kind=TipKind.TASK,
            content=_content(number),
            source="llm",
            model="embedded",
            prompt_version="embedded-v1",
            confidence=0.8,
            task_id=f"file:{number}",
            created_at=now,
            expires_at=now + timedelta(days=1),
        )
        for number in range(POOL)
    ]


def _decision(clock: SystemClock, user_id: str, cookie: str) -> tuple[Decision, str]:
    pool = _candidates(clock)
    features = REGISTRY.columns(datetime.now(UTC), [Offer(TipKind.TASK, 0.8, None)] * POOL)
    decision = Decision(
        id=new_id(clock),
        user_id=user_id,
        created_at=clock.now(),
        candidate=pool[0],
        candidate_ids=[candidate.id for candidate in pool],
        chosen=0,
        policy=POLICY.name,
        policy_version=POLICY.version,
        seed=1,
        state_seq=0,
        propensities=np.full(POOL, 1 / POOL).tolist(),
        scores=[0.0] * POOL,
        features=features,
        degraded=None,
        latency_ms=1.0,
    )
    return decision, cookie
