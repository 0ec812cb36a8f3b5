"""Each committed fact is told once, in one order, on both stores, whoever commits when."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from oo.events.relay import Relay
from oo.events.subject import subjects
from oo.kit.clock import ManualClock, SystemClock
from oo.store import erasures, event_log, outbox
from oo.store.database import Database
from oo.store.tables import events
from oo.store.tables import outbox as outbox_table
from tests.peers import both_stores
from tests.peers.happenings import decision, react, serve, sync, told
from tests.peers.store import add_person

postgres_url, address, db = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.with_tables,
)
ASKED = 60  # times nine people, more than two batches
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
postgres = pytest.mark.parametrize("address", ["postgres"], indirect=True)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))  # PostgreSQL has a clock of its own


async def test_what_happens_to_a_person_is_told_in_its_order(
    db: Database, clock: ManualClock
) -> None:
    ada, relay = await add_person(db, clock), Relay(db, clock)
    made = decision(clock, ada)
    await serve(db, clock, [made])
    clock.advance(1)
    await react(db, clock, ada, made.id)
    clock.advance(1)
    await sync(db, clock, ada)
    assert await relay.relay() == 4
    found = await told(db)
    assert [(event.seq, event.subject) for event in found] == [
        (1, "signals.tip.served"),
        (2, "signals.tip.feedback"),
        (3, "feedback.tip.rewarded"),
        (4, "signals.task.synced"),
    ]
    assert {event.user_id for event in found} == {ada}
    assert found[0].id == f"signals.tip.served:{made.id}"
    assert found[0].payload["tip_id"] == found[1].payload["tip_id"] == made.id
    assert found[2].payload["reward"] == 1.0
    assert found[3].payload == {"source": "todoist", "put": 1, "gone": 0}
    assert await relay.relay() == 0
    assert await Relay(db, clock).relay() == 0


async def test_many_facts_are_told_once_each_with_no_gap(db: Database, clock: ManualClock) -> None:
    people = [await add_person(db, clock, name) for name in ("ada", "bob", "eve")]
    relay, other = Relay(db, clock), Relay(db, clock)
    expected = []
    for number in range(ASKED):
        batch = []
        for user_id in people * 3:
            clock.advance(0.001)
            batch.append(decision(clock, user_id))
        expected += [f"signals.tip.served:{made.id}" for made in batch]
        await serve(db, clock, batch)
        if number % 4 == 0:
            await react(db, clock, batch[0].user_id, batch[0].id)
        if number % 20 == 0:
            await asyncio.gather(relay.relay(), other.relay(), return_exceptions=True)
    for _ in range(3):
        await relay.relay()
        await other.relay()
    found = await told(db)
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    assert len({event.id for event in found}) == len(found)
    served = [event for event in found if event.subject == "signals.tip.served"]
    assert [event.id for event in served] == expected
    place = {event.payload["tip_id"]: event.seq for event in served}
    reactions = [event for event in found if event.subject == "signals.tip.feedback"]
    assert len(reactions) == ASKED // 4
    assert all(place[event.payload["tip_id"]] < event.seq for event in reactions)


async def test_a_decision_that_is_committed_late_is_told(db: Database, clock: ManualClock) -> None:
    ada, relay = await add_person(db, clock), Relay(db, clock)
    began = clock.now()
    for _ in range(4):
        clock.advance(20)
        await serve(db, clock, [decision(clock, ada)])
        await relay.relay()
    late = decision(clock, ada, began)
    await serve(db, clock, [late])
    await relay.relay()
    assert f"signals.tip.served:{late.id}" in {event.id for event in await told(db)}
    before = len(await told(db))
    for _ in range(3):
        clock.advance(20)
        await relay.relay()
    assert len(await told(db)) == before


async def test_one_that_others_overtook_is_told_at_the_next_long_look_back(
    db: Database, clock: ManualClock
) -> None:
    ada, relay = await add_person(db, clock), Relay(db, clock)
    clock.advance(20)
    late = decision(clock, ada)
    clock.advance(3)
    await serve(db, clock, [decision(clock, ada)])
    assert await relay.relay() == 1
    await serve(db, clock, [late])
    clock.advance(1)
    await relay.relay()
    clock.advance(5)
    await relay.relay()
    assert [event.id for event in await told(db)][1:] == [f"signals.tip.served:{late.id}"]


@postgres
async def test_what_other_transactions_overtook_is_told(db: Database) -> None:
    clock = SystemClock()
    ada, bob = await add_person(db, clock), await add_person(db, clock, "bob")
    relay = Relay(db, clock)
    row = {"source": "todoist", "put": 7, "gone": 0}
    async with db.write() as slow:
        await outbox.tell(slow, ada, outbox.TASK_SYNCED, row, clock.now())
        for number in range(4):
            await sync(db, clock, bob, number)
            assert await relay.relay() == 1
        await asyncio.sleep(0.1)
    assert await relay.relay() == 1
    assert [event.payload["put"] for event in await told(db)] == [0, 1, 2, 3, 7]
    for _ in range(3):
        await asyncio.sleep(0.05)
        assert await relay.relay() == 0
    async with db.read() as connection:
        last = await event_log.last_row(connection)
    assert relay._marks is not None
    assert relay._marks.low == last  # it does not look back for ever


@sqlite
async def test_the_number_of_a_row_that_is_deleted_is_not_given_again(
    db: Database, clock: ManualClock
) -> None:
    ada, relay = await add_person(db, clock), Relay(db, clock)
    await sync(db, clock, ada, 1)
    await relay.relay()
    async with db.write() as connection:
        await connection.execute(text("DELETE FROM outbox"))
    await sync(db, clock, ada, 2)
    await relay.relay()
    assert [event.payload["put"] for event in await told(db)] == [1, 2]


async def test_numbers_go_on_when_old_events_are_purged(db: Database, clock: ManualClock) -> None:
    ada, relay = await add_person(db, clock), Relay(db, clock)
    for number in range(3):
        await sync(db, clock, ada, number)
    await relay.relay()
    clock.advance(10)
    await sync(db, clock, ada, 3)
    await relay.relay()
    async with db.write() as connection:
        assert await event_log.purge(connection, clock.now() - timedelta(seconds=5)) == 3
        await connection.execute(events.delete())
        await connection.execute(outbox_table.delete())
    await sync(db, clock, ada, 4)
    await Relay(db, clock).relay()
    assert [event.seq for event in await told(db)] == [5]


async def test_nothing_is_told_of_who_is_erased(db: Database, clock: ManualClock) -> None:
    ada, bob = await add_person(db, clock), await add_person(db, clock, "bob")
    relay = Relay(db, clock)
    for user_id in (ada, bob):
        await serve(db, clock, [decision(clock, user_id)])
    await relay.relay()
    await sync(db, clock, ada)
    await serve(db, clock, [decision(clock, ada)])
    async with db.write() as connection:
        await erasures.begin(connection, ada, clock.now(), "test")
        while await erasures.erase_some(connection, ada):
            pass
        await erasures.finish(connection, ada, clock.now(), "test")
    await relay.relay()
    assert {event.user_id for event in await told(db)} == {bob}


def test_every_subject_has_a_file_and_says_what_it_is() -> None:
    found = subjects()
    assert {"signals.task.synced", "signals.tip.served", "signals.tip.feedback"} <= set(found)
    assert {one.stream for one in found.values()} == {"signals", "feedback"}
    assert all(one.words.endswith(".") for one in found.values())
