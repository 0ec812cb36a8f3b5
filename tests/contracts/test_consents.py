"""What people allow: its history, what follows from it, and where it came from, on both stores."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from oo.domain.consents import POOLING, of_kind, purposes
from oo.domain.signals.kinds.event import Event
from oo.domain.tasks import Task
from oo.kit.clock import ManualClock
from oo.store import connections, consents, kinds, tasks
from oo.store.connections import CONNECTED, ConnectionRow
from oo.store.consents import Said
from oo.store.database import Database
from oo.store.migrate import migrate
from tests.peers import both_stores
from tests.peers.store import add_person, say

postgres_url, address, empty, db = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.empty,
    both_stores.with_tables,
)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CLOCK = ManualClock(NOW)
PLANTS = Task("file:1", "file", "1", "Water the plants")
EVENT = Event("ics:1", "ics", "1", "Lunch", NOW, NOW + timedelta(hours=1))


async def test_the_last_word_counts_and_each_one_stays(db: Database) -> None:
    ada, bob = await add_person(db, CLOCK, "ada"), await add_person(db, CLOCK, "bob")
    async with db.write() as connection:
        for day, given in enumerate((True, False, True)):
            await say(connection, ada, POOLING, NOW + timedelta(days=day), given=given)
        await say(connection, bob, POOLING, NOW)
        await say(connection, bob, POOLING, NOW, given=False)
        assert await consents.is_given(connection, ada, POOLING)
        assert not await consents.is_given(connection, bob, POOLING)
        found = (await connection.execute(consents.agreed(POOLING))).scalars().all()
        said = await consents.history(connection, ada)
    assert found == [ada]
    assert [(it.given, (it.at - NOW).days) for it in said] == [(True, 2), (False, 1), (True, 0)]


async def test_who_agreed_to_less_has_not_agreed(db: Database) -> None:
    ada = await add_person(db, CLOCK, "ada")
    earlier = purposes()[POOLING].version - 1
    async with db.write() as connection:
        await consents.record(connection, ada, [Said(POOLING, earlier, True, NOW, "test")])
        assert not await consents.is_given(connection, ada, POOLING)
        assert (await connection.execute(consents.agreed(POOLING))).all() == []


async def test_a_refused_kind_is_erased_and_none_of_it_is_kept_again(db: Database) -> None:
    ada = await add_person(db, CLOCK, "ada")
    row = ConnectionRow("file", "", CONNECTED, None, NOW, NOW, None, cursor="later")
    async with db.write() as connection:
        await connections.put(connection, ada, row)
        await kinds.put(connection, ada, [PLANTS, EVENT], NOW)
        await say(connection, ada, of_kind("task"), NOW, given=False)
        assert await tasks.list_open(connection, ada) == []
        await kinds.put(connection, ada, [PLANTS, EVENT], NOW)
        assert await tasks.list_open(connection, ada) == []
        assert await kinds.counts(connection, ada) == {(EVENT.source, "event"): 1}
        found = await connections.get(connection, ada, "file")
        assert found is not None
        assert found.cursor is None
        await say(connection, ada, of_kind("task"), NOW)
        await kinds.put(connection, ada, [PLANTS], NOW)
        assert await tasks.list_open(connection, ada) == [PLANTS]


async def test_a_step_implies_nothing_against_what_was_said(db: Database) -> None:
    ada = await add_person(db, CLOCK, "ada")
    names = [of_kind("task"), "terms"]
    async with db.write() as connection:
        await say(connection, ada, of_kind("task"), NOW, given=False)
        for _ in range(2):
            await consents.imply(connection, ada, names, NOW, "sign-in")
        said = await consents.history(connection, ada)
    assert [(it.purpose, it.given) for it in said] == [("terms", True), (of_kind("task"), False)]


async def test_what_was_agreed_to_before_there_was_a_history_is_in_it(empty: Database) -> None:
    await migrate(empty, "0012")
    add = text(
        "INSERT INTO users (id, provider, subject, email, name, timezone, created_at, user_seq,"
        " pool_version, pooling_since) VALUES (:id, 't', :id, '', '', 'UTC', :at, 0, 0, :since)"
    )
    # as the column's own type would write it
    at = NOW if not empty.is_sqlite else NOW.strftime("%Y-%m-%d %H:%M:%S.%f")
    async with empty.write() as connection:
        await connection.execute(add, {"id": "ada", "at": at, "since": at})
        await connection.execute(add, {"id": "bob", "at": at, "since": None})
    await migrate(empty)
    async with empty.read() as connection:
        assert await consents.history(connection, "ada") == [
            Said(POOLING, 1, True, NOW, "connect page")
        ]
        assert await consents.history(connection, "bob") == []
