"""What `/metrics` counts in the store is what waits there, on both stores."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from oo.events.backlog import untold
from oo.events.relay import Relay
from oo.events.replay import Replays
from oo.jobs.periodic import sweep
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.kit.metrics import rendered
from oo.mlops.policy_lookup import serving
from oo.recommend.catching_up import CatchingUp
from oo.store import lags, models, outbox, policies
from oo.store.database import Database
from oo.store.models import StoredModel
from oo.store.outbox import Outcome
from oo.store.tables import connections, deliveries, policy_changes, sendings
from oo.web.figures import KEEP_S, StoreFigures
from tests.peers import both_stores
from tests.peers.happenings import decision, react, serve, sync
from tests.peers.store import add_person

postgres_url, address, db = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.with_tables,
)
POLICY = "egreedy-v1"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))  # PostgreSQL has a clock of its own


@pytest.fixture
async def ada(db: Database, clock: ManualClock) -> str:
    return await add_person(db, clock)


async def put(db: Database, table: Any, **values: Any) -> None:
    async with db.write() as connection:
        await connection.execute(insert(table).values(**values))


async def test_facts_wait_until_the_relay_has_told_them(
    db: Database, clock: ManualClock, ada: str
) -> None:
    relay = Relay(db, clock)
    await relay.relay()
    begun = clock.now()
    made = decision(clock, ada)
    await serve(db, clock, [made])
    clock.advance(1)
    await sync(db, clock, ada)
    async with db.read() as connection:
        assert await untold(connection) == (2, begun)
    await relay.relay()
    async with db.read() as connection:
        assert await untold(connection) == (0, None)


async def test_errands_are_counted_until_they_end(
    db: Database, clock: ManualClock, ada: str
) -> None:
    begun = clock.now()
    async with db.write() as connection:
        for _ in range(3):
            await outbox.tell(connection, ada, outbox.COMPLETE_TASK, {"task_id": "t"}, clock.now())
            clock.advance(60)
        first, second, _ = await outbox.waiting(connection, outbox.COMPLETE_TASK, 9)
        await outbox.end(connection, first.id, Outcome.GIVEN_UP, clock.now())
        await outbox.postpone(connection, second.id, clock.now(), "away")
    day = timedelta(days=1)
    async with db.read() as connection:
        found = {it.subject: it for it in await lags.errands(connection)}
        given_up = await lags.given_up(connection, clock.now() - day)
        later = await lags.given_up(connection, clock.now() + day)
    assert found[outbox.COMPLETE_TASK][1:] == (2, begun + timedelta(seconds=60), 1)
    assert found[outbox.REVOKE_GRANT][1:] == (0, None, 0)
    assert given_up == {**dict.fromkeys(outbox.HANDLED, 0), outbox.COMPLETE_TASK: 1}
    assert set(later.values()) == {0}


async def test_what_should_be_on_its_way_is_counted_and_what_is_for_later_is_not(
    db: Database, clock: ManualClock, ada: str
) -> None:
    now = clock.now()
    hour = timedelta(hours=1)
    for starts_at in (now - hour, now + hour):
        await put(
            db,
            deliveries,
            id=new_id(clock),
            user_id=ada,
            tip_id=new_id(clock),
            starts_at=starts_at,
            expires_at=now + 2 * hour,
            created_at=now,
        )
    times = [(now - 2 * hour, None), (now + hour, None), (now - 3 * hour, now)]
    for next_at, ended_at in times:
        await put(
            db,
            sendings,
            delivery_id=new_id(clock),
            device_id=new_id(clock),
            user_id=ada,
            created_at=now,
            next_at=next_at,
            ended_at=ended_at,
        )
    async with db.read() as connection:
        assert await lags.due_deliveries(connection, now) == (2, now - 2 * hour)


async def test_sources_are_as_stale_as_those_who_are_connected_find_them(
    db: Database, clock: ManualClock, ada: str
) -> None:
    now = clock.now()
    old = now - timedelta(hours=2)
    people = [ada, *[await add_person(db, clock, name) for name in ("bob", "eve", "joe")]]
    states = [
        ("connected", now, None),  # well
        ("connected", old, "away"),  # failing, and stale
        ("reconnect", old, None),  # waits for its person
        ("connected", None, None),  # connected this moment
    ]
    for person, (status, synced_at, error) in zip(people, states, strict=True):
        await put(
            db,
            connections,
            user_id=person,
            source="todoist",
            status=status,
            secret=b"x",
            connected_at=now,
            synced_at=synced_at,
            error=error,
        )
    row = {"user_id": ada, "source": "file", "status": "connected", "connected_at": old}
    await put(db, connections, **row)  # an upload is read by nobody
    async with db.read() as connection:
        found = await lags.sources(connection, now - timedelta(minutes=30))
    assert found == [("todoist", 4, 2, 1, now, old)]


class Shards:
    async def status(self) -> str:
        return POLICY

    def wake(self, user_id: str, user_seq: int) -> None: ...


def said(name: str) -> float:
    [line] = [it for it in rendered([]).decode().splitlines() if it.startswith(f"{name} ")]
    return float(line.split()[1])


async def test_the_oldest_reaction_that_no_state_knows_has_an_age(
    db: Database, clock: ManualClock, ada: str
) -> None:
    for _ in range(3):
        made = decision(clock, ada)
        await serve(db, clock, [made])
        await react(db, clock, ada, made.id)
        clock.advance(10)
    async with db.write() as connection:
        await models.save(connection, [StoredModel(ada, POLICY, b"", 1)], clock.now())
    assert await sweep.run(db, clock, Shards(), CatchingUp(db, clock, serving)) == 1
    assert said("oo_fold_lag_people") == 1
    assert said("oo_fold_lag_seconds") == 20
    async with db.write() as connection:
        await models.save(connection, [StoredModel(ada, POLICY, b"", 3)], clock.now())
    assert await sweep.run(db, clock, Shards(), CatchingUp(db, clock, serving)) == 0
    assert said("oo_fold_lag_seconds") == said("oo_fold_lag_people") == 0


async def test_a_policy_that_was_promoted_owes_nothing_of_before(
    db: Database, clock: ManualClock, ada: str
) -> None:
    made = decision(clock, ada)
    await serve(db, clock, [made])
    await react(db, clock, ada, made.id)
    clock.advance(3600)
    change = {"policy": "lints", "version": "1", "actor": "a", "reason": "", "report": {}}
    await put(db, policy_changes, **change, role=policies.IN_FORCE, created_at=clock.now())
    clock.advance(5)
    await put(db, policy_changes, **change, role=policies.REFUSED, created_at=clock.now())
    async with db.read() as connection:
        since = await models.behind_since(connection, "another", [ada])
    assert since == clock.now() - timedelta(seconds=5)


async def test_many_who_ask_at_once_cost_one_look(
    db: Database, clock: ManualClock, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    counted = lags.errands

    async def errands(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        return await counted(*args)

    monkeypatch.setattr(lags, "errands", errands)
    figures = StoreFigures(db, clock, Replays(db, clock))
    for _ in range(20):
        assert (await figures.now()) is not None
    assert looks == 1
    clock.advance(KEEP_S)
    await figures.now()
    assert looks == 2
