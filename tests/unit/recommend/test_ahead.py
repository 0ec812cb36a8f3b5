"""A turn in a nightly batch: made for the hour at which the person comes, once, with its note."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from oo.domain.context import PromptContext
from oo.domain.model_calls import Terms
from oo.domain.pools import POOL_SIZE, Ahead, Ended
from oo.domain.tasks import Task
from oo.kit.clock import ManualClock
from oo.recommend.ahead import AheadFiller
from oo.recommend.filling import Filled, PoolFiller
from oo.recommend.pool import Pool, is_enough
from oo.recommend.ports import Written
from oo.store import batches, candidates, tables
from oo.store.batches import Turn
from oo.store.database import Database
from tests.unit.recommend.test_filling import NOTHING, Model, due, person, put

__all__ = ["person"]  # a fixture
EVENING_H = 9  # after the morning at which tests begin


async def batch(db: Database, clock: ManualClock, person: str, hours: float) -> Ahead:
    at = clock.now() + timedelta(hours=hours)
    async with db.write() as connection:
        await batches.begin(connection, f"batch-{hours}", [Turn(person, at)], clock.now())
    return Ahead(f"batch-{hours}", at)


async def outcomes(db: Database, turn: Ahead) -> dict[str, int]:
    async with db.read() as connection:
        return (await batches.progress(connection, turn.batch_id)).outcomes


async def test_the_tip_is_there_before_the_person_is(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    now, pool = PoolFiller(db, clock, model, model), Pool(db, clock)
    await now.fill(person, 1.0)
    turn = await batch(db, clock, person, EVENING_H)
    assert await AheadFiller(db, clock, model, model).fill(person, turn, 1.0) is Ended.MADE
    stock = await pool.reload(person)
    this_morning = [entry.candidate.id for entry in stock.eligible(clock.now())]
    assert len(stock.entries) > len(this_morning) == POOL_SIZE  # what is for now is still there
    assert await due(db, clock) == []

    clock.advance(EVENING_H * 3600)
    stock = await pool.reload(person)
    assert is_enough(stock.eligible(clock.now()))
    assert not {entry.candidate.id for entry in stock.eligible(clock.now())} & set(this_morning)
    assert await now.fill(person, 1.0) == NOTHING
    assert model.asked == 2  # in the morning and ahead, but not at the visit


async def test_a_fill_for_now_leaves_what_is_made_ahead(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    turn = await batch(db, clock, person, EVENING_H)
    await AheadFiller(db, clock, model, model).fill(person, turn, 1.0)
    await PoolFiller(db, clock, model, model).fill(person, 1.0)
    clock.advance(EVENING_H * 3600)
    assert is_enough((await Pool(db, clock).reload(person)).eligible(clock.now()))


async def test_what_changes_after_it_was_made_is_not_served(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    turn = await batch(db, clock, person, EVENING_H)
    await AheadFiller(db, clock, model, model).fill(person, turn, 1.0)
    await put(db, person, *(Task(f"file:{n}", "file", f"{n}", f"Renamed {n}") for n in range(4)))
    clock.advance(EVENING_H * 3600)
    assert not is_enough((await Pool(db, clock).reload(person)).eligible(clock.now()))
    assert await due(db, clock) == [person]


async def test_nobody_has_two_turns(db: Database, clock: ManualClock, person: str) -> None:
    model = Model(db, clock)
    turn = await batch(db, clock, person, EVENING_H)
    filler = AheadFiller(db, clock, model, model)
    assert await filler.fill(person, turn, 1.0) is Ended.MADE
    assert await filler.fill(person, turn, 1.0) is Ended.GOOD
    assert (model.asked, await outcomes(db, turn)) == (1, {"made": 1})


async def test_of_two_processes_only_one_puts_its_candidates(
    db: Database, clock: ManualClock, person: str
) -> None:
    class Slow(Model):
        async def write(
            self, context: PromptContext, count: int, deadline_s: float, terms: Terms
        ) -> Written:
            other = Model(self.db, clock)
            await AheadFiller(db, clock, other, other).fill(person, turn, 1.0)
            return await super().write(context, count, deadline_s, terms)

    model = Slow(db, clock)
    turn = await batch(db, clock, person, EVENING_H)
    assert await AheadFiller(db, clock, model, model).fill(person, turn, 1.0) is Ended.GOOD
    async with db.read() as connection:
        live = (await candidates.live(connection, [person], turn.at))[person]
    assert len(live) == POOL_SIZE


@pytest.mark.parametrize("while_written", [False, True])
async def test_somebody_who_is_erased_meanwhile_is_left_out(
    db: Database, clock: ManualClock, person: str, while_written: bool
) -> None:
    async def erase() -> None:
        async with db.write() as connection:
            await connection.execute(
                update(tables.users)
                .where(tables.users.c.id == person)
                .values(deleted_at=clock.now())
            )

    class Erasing(Model):
        async def write(
            self, context: PromptContext, count: int, deadline_s: float, terms: Terms
        ) -> Written:
            await erase()
            return await super().write(context, count, deadline_s, terms)

    model = Erasing(db, clock)
    turn = await batch(db, clock, person, EVENING_H)
    if not while_written:
        await erase()
    assert await AheadFiller(db, clock, model, model).fill(person, turn, 1.0) is Ended.NOTHING
    assert await outcomes(db, turn) == {"nothing": 1}
    async with db.read() as connection:
        assert (await candidates.live(connection, [person], turn.at))[person] == []


async def test_a_model_that_is_away_ends_no_turn(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    model.count = 1
    turn = await batch(db, clock, person, EVENING_H)
    filler = AheadFiller(db, clock, model, model)
    assert await filler.fill(person, turn, 1.0) is Ended.FAILED
    model.is_away = True
    assert await filler.fill(person, turn, 1.0) is Ended.LATER
    assert await outcomes(db, turn) == {}


async def test_a_turn_in_this_part_of_the_day_is_a_fill_for_now(
    db: Database, clock: ManualClock, person: str
) -> None:
    model = Model(db, clock)
    turn = await batch(db, clock, person, 1)
    assert await due(db, clock) == []  # who waits for a turn is left to the batch
    assert await AheadFiller(db, clock, model, model).fill(person, turn, 1.0) is Ended.MADE
    assert is_enough((await Pool(db, clock).reload(person)).eligible(clock.now()))
    assert await due(db, clock) == []
    filled = await PoolFiller(db, clock, model, model).fill(person, 1.0)
    assert (filled, model.asked) == (Filled(0, 0, fresh_already=True), 1)
