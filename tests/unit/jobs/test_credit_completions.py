"""Crediting tips with tasks finished elsewhere: each message on its own."""

from datetime import timedelta
from typing import Any

import pytest

from oo.jobs import outbox_worker
from oo.jobs.periodic import credit_completions
from oo.kit.clock import ManualClock
from oo.recommend.outcomes import Outcomes
from oo.store import decisions, feedback, outbox
from oo.store.database import Database
from tests.peers.store import add_person
from tests.unit.recommend.conftest import candidate, serve_tip


async def seen_tip(db: Database, clock: ManualClock, user: str) -> str:
    tip = await serve_tip(db, clock, user, candidate(clock, "todoist:1"))
    async with db.write() as connection:
        await decisions.mark_seen(connection, user, tip, clock.now())
    return tip


async def tell(db: Database, clock: ManualClock, user: str, *payloads: dict[str, Any]) -> None:
    async with db.write() as connection:
        await outbox.put(
            connection,
            [
                {
                    "user_id": user,
                    "subject": outbox.TASK_COMPLETED,
                    "payload": payload,
                    "created_at": clock.now(),
                }
                for payload in payloads
            ],
        )


async def run(db: Database, clock: ManualClock) -> int:
    return await credit_completions.run(db, clock, Outcomes(db, clock))


async def test_a_message_that_fails_does_not_block_the_others(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "BATCH", 1)
    user = await add_person(db, clock)
    await seen_tip(db, clock, user)
    good = {"task_id": "todoist:1", "at": clock.now().isoformat()}
    await tell(db, clock, user, {}, {"task_id": "todoist:1", "at": "some day"}, good)
    assert await run(db, clock) == 1
    async with db.read() as connection:
        left = await outbox.waiting(connection, outbox.TASK_COMPLETED, 100)
        logged = await feedback.between(connection, {user: (0, 1)})
    assert [message.payload.get("at") for message in left] == [None, "some day"]
    assert [row.action for row in logged[user]] == ["done_elsewhere"]


async def test_the_reward_is_for_when_the_task_was_finished_not_for_when_that_was_heard_of(
    db: Database, clock: ManualClock
) -> None:
    user = await add_person(db, clock)
    tip = await seen_tip(db, clock, user)
    finished_at = clock.now() + timedelta(minutes=1)
    clock.advance(300)
    await seen_tip(db, clock, user)  # served between the completion and the sync
    clock.advance(360)
    await tell(db, clock, user, {"task_id": "todoist:1", "at": finished_at.isoformat()})
    assert await run(db, clock) == 1
    async with db.read() as connection:
        logged = (await feedback.between(connection, {user: (0, 2)}))[user]
    assert [(row.tip_id, row.reward) for row in logged] == [(tip, 1.0)]
