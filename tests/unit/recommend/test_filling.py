"""Filling: when a pool is looked at, when it is good, and what is put into it."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from ml.composing.fallback import fallback
from ml.generation.drafts import Source
from oo.domain.context import PromptContext
from oo.domain.model_calls import Terms
from oo.domain.pools import LOW_WATER, POOL_SIZE
from oo.domain.tasks import Task
from oo.jobs.periodic import prefill
from oo.kit.clock import ManualClock
from oo.recommend.filling import EMPTY, TOO_FEW, UNANSWERED, Filled, PoolFiller
from oo.recommend.freshness import PoolFreshness
from oo.recommend.gathering import gather
from oo.recommend.pool import Pool, is_enough
from oo.recommend.ports import Assembled, Written
from oo.store import candidates, sessions, tasks, users
from oo.store.database import Database
from tests.peers.store import add_person

NOTHING = Filled(0, 0, fresh_already=True)
PEOPLE = 10


class Model:
    """A context from the store, and a model whose tips are the templates' or none."""

    def __init__(self, db: Database, clock: ManualClock) -> None:
        self.db, self.clock, self.count, self.asked = db, clock, POOL_SIZE, 0
        self.is_away = False

    async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled:
        now = at or self.clock.now()
        async with self.db.read() as connection:
            found = await gather(connection, user_id, now)
        assert found is not None
        return found

    def pool_key(self, context: PromptContext, cloud_consent: bool) -> str:
        return str(hash(context))

    async def write(
        self, context: PromptContext, count: int, deadline_s: float, terms: Terms
    ) -> Written:
        self.asked += 1
        tips = fallback(context, self.count, Random(1))
        return Written([replace(tip, source=Source.LLM) for tip in tips], self.is_away)


async def put(db: Database, user: str, *found: Task) -> None:
    async with db.write() as connection:
        await tasks.put(connection, user, found)
        await users.bump_pool(connection, user)


@pytest.fixture
async def person(db: Database, clock: ManualClock, user: str) -> str:
    """A signed-in person with tasks."""
    late = clock.now().date() - timedelta(days=3)
    await put(
        db, user, *(Task(f"file:{n}", "file", f"{n}", f"Task {n}", due=late) for n in range(4))
    )
    async with db.write() as connection:
        await sessions.add(
            connection,
            user,
            "0" * 64,
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(days=9),
            authenticated_at=clock.now(),
            user_agent="",
        )
    return user


async def due(db: Database, clock: ManualClock) -> list[str]:
    now = clock.now()
    async with db.read() as connection:
        return await candidates.people_to_fill(connection, now, now - timedelta(days=30), PEOPLE)


async def test_a_good_pool_is_left_alone_until_something_changes(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    filler = PoolFiller(db, clock, model, model)
    assert await due(db, clock) == [person]
    assert await filler.fill(person, 1.0) == Filled(POOL_SIZE, 0, fresh_already=False)
    assert await due(db, clock) == []
    assert await filler.fill(person, 1.0) == NOTHING
    await put(db, person, Task("file:9", "file", "9", "New"))
    assert await due(db, clock) == [person]
    assert (await filler.fill(person, 1.0)).by_model > 0
    assert await due(db, clock) == []


async def test_a_change_that_leaves_the_pool_good_costs_one_look(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    filler = PoolFiller(db, clock, model, model)
    await filler.fill(person, 1.0)
    async with db.write() as connection:
        await users.bump_pool(connection, person)
    assert await due(db, clock) == [person]
    assert await filler.fill(person, 1.0) == NOTHING
    assert (model.asked, await due(db, clock)) == (1, [])


async def test_the_clock_alone_makes_a_person_due(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    await PoolFiller(db, clock, model, model).fill(person, 1.0)
    clock.advance(timedelta(hours=3).total_seconds())  # noon: another part of the day
    assert await due(db, clock) == [person]


async def test_a_pool_that_cannot_be_made_good_is_tried_again_later(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    model.count = LOW_WATER - 1
    filler = PoolFiller(db, clock, model, model)
    await filler.fill(person, 1.0)
    assert await due(db, clock) == []
    assert await filler.fill(person, 1.0) == NOTHING
    clock.advance(TOO_FEW.first.total_seconds())
    assert await due(db, clock) == [person]
    assert model.asked == 1


async def asked_in_an_hour(db: Database, clock: ManualClock, person: str, model: Model) -> int:
    """How often the model is asked for a pool in an hour of the job's looks."""
    filler = PoolFiller(db, clock, model, model)
    for _ in range(int(3600 / prefill.JOB.every_s)):
        for user in await due(db, clock):
            await filler.fill(user, 1.0)
        clock.advance(prefill.JOB.every_s)
    return model.asked


@pytest.mark.parametrize("answered", [0, 1])  # one of six is no answer either
async def test_a_model_that_does_not_answer_is_asked_again_soon_and_then_seldom(
    db: Database, clock: ManualClock, person: str, answered: int
) -> None:
    model = Model(db, clock)
    model.count, model.is_away = answered, True
    filler = PoolFiller(db, clock, model, model)
    await filler.fill(person, 1.0)
    clock.advance(UNANSWERED.first.total_seconds())
    assert await due(db, clock) == [person]
    assert await asked_in_an_hour(db, clock, person, model) < 260


async def test_a_model_that_only_repeats_itself_makes_no_busy_loop(
    db: Database, clock: ManualClock, person: str
) -> None:
    class Parrot(Model):
        async def write(
            self, context: PromptContext, count: int, deadline_s: float, terms: Terms
        ) -> Written:
            written = await super().write(context, count, deadline_s, terms)
            return Written(list(written.drafts[:1]) * count)

    assert await asked_in_an_hour(db, clock, person, Parrot(db, clock)) < 12


async def test_a_list_with_nothing_to_speak_of_makes_no_busy_loop(
    db: Database, clock: ManualClock, person: str
) -> None:
    class Silent(Model):
        looks = 0

        async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled:
            self.looks += 1
            found = await super().assemble(user_id, at)
            return found._replace(context=replace(found.context, tasks=()))

    model = Silent(db, clock)
    await asked_in_an_hour(db, clock, person, model)
    assert 1 < model.looks < 14
    await put(db, person, Task("file:9", "file", "9", "New"))
    assert await due(db, clock) == [person]


async def test_once_a_pool_was_good_setbacks_are_forgotten(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    filler = PoolFiller(db, clock, model, model)
    for count, wait in ((0, UNANSWERED.first), (POOL_SIZE, None), (0, UNANSWERED.first)):
        model.count, model.is_away = count, not count
        await put(db, person, Task("file:9", "file", "9", f"New {count} {clock.now()}"))
        await filler.fill(person, 1.0)
        if wait:
            clock.advance(wait.total_seconds())
            assert await due(db, clock) == [person]
        else:
            assert await due(db, clock) == []
    assert EMPTY.after(100) == EMPTY.longest


async def test_what_stopped_to_be_true_while_it_was_written_is_dropped(
    db: Database, clock: ManualClock, person: str
) -> None:
    class Slow(Model):
        async def write(
            self, context: PromptContext, count: int, deadline_s: float, terms: Terms
        ) -> Written:
            written = await super().write(context, count, deadline_s, terms)
            await put(
                self.db,
                person,
                *(Task(f"file:{n}", "file", f"{n}", f"Renamed {n}") for n in range(4)),
            )
            return written

    model = Slow(db, clock)
    await PoolFiller(db, clock, model, model).fill(person, 1.0)
    async with db.read() as connection:
        pool = (await candidates.live(connection, [person], clock.now()))[person]
    assert all("Task" not in entry.candidate.content for entry in pool)
    assert await due(db, clock) == [person]


async def test_enough_is_what_a_model_wrote_and_still_holds(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    await PoolFiller(db, clock, model, model).fill(person, 1.0)
    pool = Pool(db, clock)
    assert is_enough((await pool.stock(person, 0)).eligible(clock.now()))
    await put(db, person, *(Task(f"file:{n}", "file", f"{n}", f"Renamed {n}") for n in range(4)))
    stock = await pool.reload(person)
    assert len(stock.entries) == POOL_SIZE
    assert not is_enough(stock.eligible(clock.now()))


async def test_a_change_is_left_for_a_moment_to_whoever_was_told_of_it(
    db: Database, clock: ManualClock, person: str
) -> None:
    model, settled = Model(db, clock), timedelta(seconds=4)
    filler = PoolFiller(db, clock, model, model)

    async def swept() -> list[str]:
        now = clock.now()
        async with db.read() as connection:
            return await candidates.people_to_fill(
                connection, now, now - timedelta(days=30), PEOPLE, settled
            )

    async def change() -> None:
        async with db.write() as connection:
            await users.note_change(connection, person, clock.now())

    await filler.fill(person, 1.0)
    await change()
    clock.advance(3)
    await change()  # the first of several counts: what never rests is looked at all the same
    assert await swept() == []
    clock.advance(2)
    assert await swept() == [person]
    await filler.fill(person, 1.0)
    assert await swept() == []
    async with db.read() as connection:
        assert (await users.heads(connection, [person]))[person].changed_at is None


async def test_freshness_counts_pools_that_are_good_now(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    filler = PoolFiller(db, clock, model, model)

    async def share() -> float | None:
        return (await PoolFreshness(db, clock, 30).now()).share

    assert await share() == 0.0
    await filler.fill(person, 1.0)
    assert await share() == 1.0
    await put(db, person, Task("file:9", "file", "9", "New"))
    assert await share() == 0.0  # nobody has looked since
    await filler.fill(person, 1.0)
    assert await share() == 1.0
    clock.advance(timedelta(hours=3).total_seconds())  # noon
    assert await share() == 0.0
    model.count = 0
    await filler.fill(person, 1.0)
    assert await share() == 0.0  # it was looked at, in vain
    await filler.fill(await add_person(db, clock, "idle"), 1.0)
    assert (await PoolFreshness(db, clock, 30).now()).active == 1
