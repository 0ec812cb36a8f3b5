"""The border for reactions: exactly once, the person's own tips only, nothing half done."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from oo.domain.rewards import Action
from oo.kit.clock import ManualClock
from oo.kit.errors import Conflict, NotFound, Unauthorized
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import candidates, outbox, tables, tasks
from oo.store.database import Database
from tests.peers.store import add_person
from tests.unit.recommend.conftest import put_pool, serve_tip


def done(user: str, tip: str, key: str = "k", dwell_ms: int = 30_000) -> ReactionRequest:
    return ReactionRequest(user, tip, Action.DONE, dwell_ms, key)


async def count(db: Database, table: Any) -> int:
    async with db.read() as connection:
        found: int = (
            await connection.execute(select(func.count()).select_from(table))
        ).scalar_one()
        return found


async def test_copies_of_a_reaction_have_one_effect(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user)
    here, elsewhere = Reactions(db, clock), Reactions(db, clock)
    answers = await asyncio.gather(
        *(border.accept(done(user, tip)) for border in (here, elsewhere) for _ in range(5))
    )
    assert {answer._replace(fresh=False) for answer in answers} == {
        answers[0]._replace(fresh=False)
    }
    assert sum(answer.fresh for answer in answers) == 1
    assert await count(db, tables.feedback) == 1
    assert (answers[0].reward, answers[0].user_seq) == (1.0, 1)


async def test_a_key_cannot_be_used_for_another_body(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user)
    border = Reactions(db, clock)
    await border.accept(done(user, tip))
    with pytest.raises(Conflict):
        await border.accept(done(user, tip, dwell_ms=1))


async def test_a_tip_has_one_reaction(db: Database, clock: ManualClock, user: str) -> None:
    tip = await serve_tip(db, clock, user)
    border = Reactions(db, clock)
    await border.accept(done(user, tip))
    with pytest.raises(Conflict):
        await border.accept(done(user, tip, key="other"))
    assert await count(db, tables.feedback) == 1


async def test_another_persons_tip_is_not_found(
    db: Database, clock: ManualClock, user: str
) -> None:
    stranger = await add_person(db, clock, "grace")
    tip, own = await serve_tip(db, clock, user), await serve_tip(db, clock, stranger)
    border = Reactions(db, clock)
    answers = await asyncio.gather(
        border.accept(done(stranger, tip)),
        border.accept(done(stranger, own, key="own")),
        border.accept(done(user, "0" * 32, key="none")),
        return_exceptions=True,
    )
    assert isinstance(answers[0], NotFound)
    assert isinstance(answers[2], NotFound)
    assert not isinstance(answers[1], BaseException)
    assert await count(db, tables.feedback) == 1


async def test_a_deleted_person_cannot_react(db: Database, clock: ManualClock, user: str) -> None:
    tip = await serve_tip(db, clock, user)
    async with db.write() as connection:
        await connection.execute(
            update(tables.users).where(tables.users.c.id == user).values(deleted_at=clock.now())
        )
    with pytest.raises(Unauthorized):
        await Reactions(db, clock).accept(done(user, tip))


async def test_a_late_reaction_is_kept_and_said_to_be_late(
    db: Database, clock: ManualClock, user: str
) -> None:
    tip = await serve_tip(db, clock, user)
    clock.advance(25 * 3600)
    assert (await Reactions(db, clock).accept(done(user, tip))).late


async def test_done_ends_the_task_and_asks_for_its_close_at_the_source(
    db: Database, clock: ManualClock, user: str
) -> None:
    pool = await put_pool(db, clock, user)
    tip = await serve_tip(db, clock, user, pool[0])
    await Reactions(db, clock).accept(done(user, tip))
    async with db.read() as connection:
        errands = await outbox.waiting(connection, outbox.COMPLETE_TASK, 10)
        row = (
            await connection.execute(
                select(tables.tasks.c.completed_at).where(
                    tables.tasks.c.user_id == user, tables.tasks.c.id == pool[0].task_id
                )
            )
        ).one()
    assert [errand.payload for errand in errands] == [
        {"task_id": pool[0].task_id, "due": None, "due_at": None}
    ]
    assert row.completed_at == clock.now()


async def test_the_errand_says_when_the_task_was_due(
    db: Database, clock: ManualClock, user: str
) -> None:
    pool = await put_pool(db, clock, user)
    tip = await serve_tip(db, clock, user, pool[0])
    assert pool[0].task_id is not None
    async with db.write() as connection:
        stored = await tasks.get(connection, user, pool[0].task_id)
        assert stored is not None
        task = replace(stored.task, recurring=True, due=clock.now().date(), due_at=clock.now())
        await tasks.put(connection, user, [task])
    await Reactions(db, clock).accept(done(user, tip))
    async with db.read() as connection:
        (errand,) = await outbox.waiting(connection, outbox.COMPLETE_TASK, 10)
    assert errand.payload == outbox.close_task(task.id, task.due, task.due_at)
    assert errand.payload["due"] == clock.now().date().isoformat()
    assert errand.payload["due_at"] == clock.now().isoformat()


async def test_a_task_that_is_done_stays_done_when_an_older_tip_is_snoozed(
    db: Database, clock: ManualClock, user: str
) -> None:
    pool = await put_pool(db, clock, user)
    first, second = [await serve_tip(db, clock, user, pool[0]) for _ in range(2)]
    border = Reactions(db, clock)
    await border.accept(done(user, first))
    await border.accept(ReactionRequest(user, second, Action.SNOOZE, 1000, "other"))
    async with db.read() as connection:
        assert pool[0].task_id not in {task.id for task in await tasks.list_open(connection, user)}
        live = (await candidates.live(connection, [user], clock.now()))[user]
    assert pool[0].id not in {entry.candidate.id for entry in live}


async def test_numbers_have_no_gaps_under_parallel_reactions(
    db: Database, clock: ManualClock, user: str
) -> None:
    tips = [await serve_tip(db, clock, user) for _ in range(12)]
    borders = [Reactions(db, clock, max_batch=3) for _ in range(3)]
    answers = await asyncio.gather(
        *(borders[n % 3].accept(done(user, tip, key=tip)) for n, tip in enumerate(tips))
    )
    assert sorted(answer.user_seq for answer in answers) == list(range(1, 13))
