"""What a writer learns from: of people who agree, gone with their words, on both stores."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from oo.domain.consents import POOLING
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.store import forget, writings
from oo.store.database import Database
from oo.store.tables import feedback, tip_scores
from oo.store.tables import users as users_table
from oo.store.tables import writings as writings_table
from oo.store.writings import Judged, Writing
from tests.peers import both_stores
from tests.peers.store import add_person, say

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CLOCK = ManualClock(NOW)
postgres_url, address = both_stores.postgres_url, both_stores.address
db = both_stores.migrated


async def person(db: Database, *, agrees: bool) -> str:
    user_id = await add_person(db, CLOCK, new_id(CLOCK))
    async with db.write() as connection:
        await say(connection, user_id, POOLING, NOW, given=agrees)
    return user_id


async def serve(db: Database, user_id: str, rewards: tuple[float, ...] = (1.0,)) -> None:
    """A candidate of a model, kept, served and reacted to; later rewards revise the first."""
    candidate, tip = new_id(CLOCK), new_id(CLOCK)
    made = Writing(candidate, [{"role": "user", "content": "t1“Call Ada”"}], 0, "Dial “t1” now.")
    async with db.write() as connection:
        await writings.keep(connection, user_id, [made], NOW)
        await connection.execute(
            insert(tip_scores).values(
                id=tip,
                user_id=user_id,
                created_at=NOW,
                kind="task",
                content="Dial “Call Ada” now.",
                source="llm",
                model="oo-engine/embedded",
                prompt_version="embedded-v2",
                confidence=0.7,
                task_id="file:1",
                candidate_ids=[candidate],
                chosen=0,
                policy="random",
                policy_version="1",
                seed=1,
                state_seq=0,
                propensity=1.0,
                propensities=[1.0],
                scores=[0.0],
                features={},
                latency_ms=1.0,
            )
        )
        for number, reward in enumerate(rewards):
            await connection.execute(
                insert(feedback).values(
                    user_id=user_id,
                    user_seq=number + 1,
                    tip_id=tip,
                    revision=number,
                    action="done",
                    dwell_ms=1000,
                    reward=reward,
                    learned_at=NOW,
                    late=False,
                    features={},
                    idempotency_key=f"{tip} {number}",
                    created_at=NOW,
                )
            )


async def judged(db: Database, user_id: str) -> list[Judged]:
    async with db.read() as connection:
        return [one for one in await writings.judged(connection) if one.user_id == user_id]


async def kept(db: Database, user_id: str) -> int:
    query = select(func.count()).where(writings_table.c.user_id == user_id)
    async with db.read() as connection:
        return int((await connection.execute(query)).scalar_one())


async def test_what_was_asked_and_said_comes_with_the_last_reward(db: Database) -> None:
    user_id = await person(db, agrees=True)
    await serve(db, user_id, (-0.2, 1.0))
    [one] = await judged(db, user_id)
    assert (one.reward, one.spoken, one.task_index) == (1.0, "Dial “t1” now.", 0)
    assert one.messages == [{"role": "user", "content": "t1“Call Ada”"}]


async def test_nothing_is_kept_of_who_has_not_agreed(db: Database) -> None:
    user_id = await person(db, agrees=False)
    await serve(db, user_id)
    assert await kept(db, user_id) == 0
    assert await judged(db, user_id) == []


async def test_who_takes_the_agreement_back_takes_all_of_it_back(db: Database) -> None:
    user_id = await person(db, agrees=True)
    await serve(db, user_id)
    async with db.write() as connection:
        await say(connection, user_id, POOLING, NOW, given=False)
    assert await kept(db, user_id) == 0
    async with db.write() as connection:
        await say(connection, user_id, POOLING, NOW)
    assert await judged(db, user_id) == []


async def test_who_was_erased_meanwhile_is_not_in_it(db: Database) -> None:
    user_id = await person(db, agrees=True)
    await serve(db, user_id)
    async with db.write() as connection:
        await connection.execute(
            update(users_table).where(users_table.c.id == user_id).values(deleted_at=NOW)
        )
    assert await judged(db, user_id) == []


@pytest.mark.parametrize("what", ["source", "task"])
async def test_words_that_are_erased_are_erased_here_too(db: Database, what: str) -> None:
    user_id = await person(db, agrees=True)
    await serve(db, user_id)
    async with db.write() as connection:
        if what == "source":
            await forget.what_was_said_of(connection, user_id, "file")
        else:
            await forget.what_was_said_of_tasks(connection, user_id, ["file:2"])
    assert await kept(db, user_id) == 0


async def test_old_ones_are_purged(db: Database) -> None:
    user_id = await person(db, agrees=True)
    await serve(db, user_id)
    async with db.write() as connection:
        assert await writings.purge(connection, NOW - timedelta(days=1)) == 0
        assert await writings.purge(connection, NOW + timedelta(days=1)) >= 1
    assert await kept(db, user_id) == 0
