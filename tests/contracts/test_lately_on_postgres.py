"""What a person did lately is read from PostgreSQL as from SQLite."""

from datetime import UTC, datetime, timedelta

from oo.domain.claims import Claim, Fact, holds
from oo.domain.tasks import Task
from oo.kit.clock import ManualClock
from oo.recommend import pool
from oo.recommend.gathering import gather
from oo.store import tasks
from oo.store.database import Database
from tests.contracts.two_stores import address, stores
from tests.peers.store import add_person

__all__ = ["address", "stores"]


async def test_labels_and_reactions_are_known_beside_the_list(
    stores: tuple[Database, Database],
) -> None:
    db, clock = stores[0], ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))
    ada, eve = [await add_person(db, clock, name) for name in ("ada", "eve")]
    now = clock.now()
    for person, label in ((ada, "home"), (eve, "work")):
        async with db.write() as connection:
            row = Task("f:1", "f", "1", "Call mum", labels=(label, "x"))
            await tasks.put(connection, person, [row], now - timedelta(days=1))
    claims = [Claim(Fact.LABEL, "f:1", "home"), Claim(Fact.DONE_TODAY, value=0)]
    async with db.read() as connection:
        stock = (await pool.load(connection, [ada, eve], now, claims))[ada]
        quick = (await pool.load(connection, [ada], now))[ada]
        assembled = await gather(connection, ada, now)
    assert all(holds(claim, stock.standing.at(now)) for claim in claims)
    assert quick.standing.beside.acted is None
    assert assembled is not None
    assert assembled.context.lately is not None
    assert assembled.context.lately.done_today == 0
