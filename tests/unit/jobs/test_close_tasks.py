"""Closing tasks at their source: each message on its own, whatever happens to the others."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from oo.domain.signals import Broken, Retry
from oo.jobs import outbox_worker
from oo.jobs.periodic import close_tasks
from oo.kit.clock import ManualClock
from oo.store import outbox, users
from oo.store.database import Database
from oo.store.users import UserRow
from tests.peers.store import fresh_store

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


class FakeIntegrations:
    """Records what it is asked to finish; a task may raise an error instead."""

    def __init__(self, errors: dict[str, BaseException]) -> None:
        self.errors = errors
        self.asked: list[str] = []
        self.dues: list[tuple[date | None, datetime | None]] = []

    async def complete(
        self, user_id: str, task_id: str, *, due: date | None, due_at: datetime | None
    ) -> bool:
        self.asked.append(task_id)
        self.dues.append((due, due_at))
        if task_id in self.errors:
            raise self.errors[task_id]
        return True


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        async with store.write() as connection:
            for name in ("ada", "bob", "eve"):
                row = UserRow(name, f"{name}@example.org", name, "UTC", NOW, None)
                await users.add(connection, row)
        yield store


async def run(db: Database, integrations: FakeIntegrations) -> int:
    return await close_tasks.run(db, ManualClock(NOW), integrations)


async def put(db: Database, *errands: tuple[str, dict[str, Any]]) -> None:
    async with db.write() as connection:
        await outbox.put(
            connection,
            [
                {
                    "user_id": user_id,
                    "subject": outbox.COMPLETE_TASK,
                    "payload": payload,
                    "created_at": NOW,
                }
                for user_id, payload in errands
            ],
        )


async def left(db: Database) -> list[Any]:
    async with db.read() as connection:
        waiting = await outbox.waiting(connection, outbox.COMPLETE_TASK, 100)
    return [message.payload.get("task_id") for message in waiting]


async def test_the_source_learns_which_turn_is_meant(db: Database) -> None:
    integrations = FakeIntegrations({})
    turns = [(date(2026, 11, 21), NOW), (date(2026, 11, 21), None), (None, None)]
    await put(db, *(("ada", outbox.close_task("a", *turn)) for turn in turns))
    await put(db, ("ada", {"task_id": "a"}))  # as written before turns were told apart
    assert await run(db, integrations) == 4
    assert integrations.dues == [*turns, (None, None)]


async def test_what_was_closed_before_a_kill_is_not_closed_again(db: Database) -> None:
    integrations = FakeIntegrations({"b": asyncio.CancelledError()})
    await put(db, ("ada", {"task_id": "a"}), ("ada", {"task_id": "b"}))
    with pytest.raises(asyncio.CancelledError):
        await run(db, integrations)
    assert await left(db) == ["b"]
    integrations.errors.clear()
    await run(db, integrations)
    assert integrations.asked == ["a", "b", "b"]
    assert await left(db) == []


async def test_a_message_or_person_that_fails_does_not_block_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "BATCH", 1)
    integrations = FakeIntegrations(
        {"s:later": Retry("Later."), "s:broken": Broken("Never."), "s:bug": RuntimeError("?")}
    )
    await put(
        db,
        ("ada", {}),
        ("ada", {"task_id": "s:bug"}),
        ("bob", {"task_id": "s:later"}),
        ("bob", {"task_id": "s:also later"}),
        ("bob", {"task_id": "other:fine"}),
        ("ada", {"task_id": "s:broken"}),
        ("eve", {"task_id": "s:fine"}),
    )
    assert await run(db, integrations) == 3
    assert integrations.asked == ["s:bug", "s:later", "other:fine", "s:broken", "s:fine"]
    assert await left(db) == [None, "s:bug", "s:later", "s:also later"]
    assert await run(db, integrations) == 0  # whatever went wrong, it is too early
    assert len(integrations.asked) == 5
