"""What is counted by hour is what a count of the log says, whatever happens to the log."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.console import Choice, Looker, Period, Slice, admin_read
from oo.domain.roles import Role
from oo.jobs import counting
from oo.jobs.counting import keep
from oo.kit.clock import ManualClock
from oo.store import decisions, erasures, history, hourly
from oo.store.database import Database
from oo.store.everyone import counts, sums
from oo.store.everyone import decisions as log
from oo.store.everyone import reach as reaching
from oo.store.everyone.reach import reach
from oo.store.hourly import hour_number, hour_start
from oo.store.tables import connections, feedback, hourly_tips, hours_to_count, tip_scores, users
from tests.peers import both_stores

address, postgres_url = both_stores.address, both_stores.postgres_url
db = both_stores.migrated

BY = admin_read(Looker("person:a", Role.ADMIN, "A", ZoneInfo("UTC"), ""))
NOW = datetime(2026, 11, 21, 9, 20, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PEOPLE = [f"{number:032x}" for number in range(8)]
TIPS = 260


class Life:
    """Tips and reactions of a few people over five days, drawn."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.tips: list[dict[str, Any]] = []
        self.seq = dict.fromkeys(PEOPLE, 0)
        self.revisions: dict[str, int] = {}

    def tip(self, at: datetime) -> dict[str, Any]:
        draw = self.random
        row = {
            "id": f"{len(self.tips) + 1_000:032x}",
            "user_id": draw.choice(PEOPLE),
            "created_at": at,
            "kind": draw.choice(["task", "advice"]),
            "content": "",
            "source": draw.choice(["llm", "llm", "fallback"]),
            "model": draw.choice(["small", "large"]),
            "prompt_version": draw.choice(["a-v1", "b-v1"]),
            "confidence": 0.5,
            "candidate_ids": ["x"],
            "chosen": 0,
            "policy": draw.choice(["ebts", "random"]),
            "policy_version": draw.choice(["1", "2"]),
            "seed": 1,
            "state_seq": 0,
            "propensity": draw.choice([0.5, 0.5, 0.5, 0.0]),
            "propensities": [1.0],
            "scores": [1.0],
            "features": {"a": [1.0]},
            "degraded": draw.choice([None, None, "late"]),
            "latency_ms": 3.0,
            "seen_at": draw.choice([None, at + HOUR / 60]),
        }
        self.tips.append(row)
        return row

    def reaction(self, tip: dict[str, Any], at: datetime) -> dict[str, Any]:
        draw, person = self.random, tip["user_id"]
        self.seq[person] += 1
        revision = self.revisions.get(tip["id"], -1) + 1
        self.revisions[tip["id"]] = revision
        return {
            "user_id": person,
            "user_seq": self.seq[person],
            "tip_id": tip["id"],
            "revision": revision,
            "action": draw.choice(["done", "dismiss", "snooze", "missed"]),
            "dwell_ms": 1000,
            "reward": draw.choice([1.0, 0.1, -1.0, -0.3]),
            "learned_at": at,
            "late": draw.random() < 0.1,
            "features": {},
            "idempotency_key": f"{tip['id']}-{revision}",
            "created_at": at,
        }

    async def begin(self, connection: AsyncConnection) -> None:
        people = [
            {
                "id": one,
                "email": f"{one}@example.org",
                "name": "",
                "created_at": NOW - timedelta(days=number, minutes=17),
                "user_seq": 1_000,
            }
            for number, one in enumerate(PEOPLE)
        ]
        await connection.execute(insert(users), people)
        account = {"source": "file", "status": "connected", "connected_at": NOW}
        rows = [{"user_id": one, **account} for one in PEOPLE[::2]]
        await connection.execute(insert(connections), rows)
        # several in an hour, and some at the very same instant
        tips = [self.tip(NOW - 5 * DAY * self.random.random() ** 2) for _ in range(TIPS)]
        tips += [self.tip(tip["created_at"]) for tip in tips[:20]]
        await connection.execute(insert(tip_scores), tips)
        reacted = [it for it in tips if self.random.random() < 0.6]
        await self.react(connection, reacted, lambda tip: tip["created_at"] + HOUR)

    async def react(
        self,
        connection: AsyncConnection,
        tips: Sequence[dict[str, Any]],
        at: Callable[[dict[str, Any]], datetime],
    ) -> None:
        rows = [self.reaction(tip, at(tip)) for tip in tips]
        await connection.execute(insert(feedback), rows)


def questions(now: datetime, since: timedelta) -> list[tuple[str, tuple[Any, ...]]]:
    """What pages ask, of whole hours and of times that cut some, by names of functions."""
    until = now + timedelta(seconds=1)
    whole = Period(hour_start(hour_number(until - since)), until)
    cut = Period(until - 3 * DAY - HOUR / 7, until - HOUR / 3)
    filters: list[dict[str, Choice]] = [
        {},
        {"policy": Choice(("ebts",), False), "kind": Choice(("task",), True)},
        {"prompt": Choice(("a-v1", "none"), False)},
        {"action": Choice(("done",), False)},
    ]
    asked: list[tuple[str, tuple[Any, ...]]] = [
        ("funnel", (Period(whole.since.replace(hour=0), until),)),
        *(("people", (Period(whole.since + later, until),)) for later in (0 * DAY, 2 * DAY)),
        *(("people_over_time", (whole, offset)) for offset in (0, 3600)),
        *(("served", (period,)) for period in (whole, cut, whole.before)),
    ]
    columns = (*sums.DIMENSIONS, "action", "language")
    for number, (chosen, period) in enumerate(product(filters, (whole, cut))):
        offset = (0, 3600, -5 * 3600)[number % 3]
        asked.append(("over_time", (period, chosen, offset)))
        asked.append(("by_hour", (period, chosen, offset)))
        asked += [("grouped", (period, chosen, it)) for it in columns[number % 4 :: 4]]
    return asked


async def differences(db: Database, now: datetime, *, since: timedelta = 4 * DAY) -> list[str]:
    """Where the sums say something else than the log."""
    found = []
    async with db.read() as connection:
        for name, given in questions(now, since):
            told: Any = await getattr(sums, name)(connection, BY, *given)
            direct: Any = await getattr(counts, name)(connection, BY, *given)
            if _plain(told) != _plain(direct):
                found.append(f"{name}{given}: {told} is not {direct}")
    return found


def _plain(told: Any) -> Any:
    """Without the order of groups, which have none where they are as large."""
    match told:
        case float():
            return round(told, 6)
        case tuple():
            return tuple(_plain(it) for it in told)
        case list():
            return {it[0]: _plain(it) for it in told}
        case _:
            return told


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


Happening = Callable[[AsyncConnection, Life, datetime], Awaitable[None]]


async def reactions_come_late(connection: AsyncConnection, life: Life, now: datetime) -> None:
    await life.react(connection, life.random.sample(life.tips, 40), lambda _: now)


async def tips_are_served_and_seen_late(
    connection: AsyncConnection, life: Life, now: datetime
) -> None:
    await connection.execute(insert(tip_scores), [life.tip(now) for _ in range(5)])
    for tip in life.random.sample(life.tips, 20):
        await decisions.mark_seen(connection, tip["user_id"], tip["id"], now)


async def somebody_is_erased(connection: AsyncConnection, life: Life, now: datetime) -> None:
    await erasures.begin(connection, PEOPLE[3], now, "person:a", revoke=False)
    while await erasures.erase_some(connection, PEOPLE[3]):
        pass


async def somebody_erases_their_tips(
    connection: AsyncConnection, life: Life, now: datetime
) -> None:
    await history.forget_tips(connection, PEOPLE[2], now)


async def somebody_erases_what_was_learnt(
    connection: AsyncConnection, life: Life, now: datetime
) -> None:
    await history.forget_learnt(connection, PEOPLE[1], now)


HAPPENINGS = [
    reactions_come_late,
    tips_are_served_and_seen_late,
    somebody_is_erased,
    somebody_erases_their_tips,
    somebody_erases_what_was_learnt,
]


async def test_sums_are_what_the_log_says_whatever_happens(
    db: Database, clock: ManualClock
) -> None:
    life = Life(7)
    async with db.write() as connection:
        await life.begin(connection)
    assert await differences(db, clock.now()) == []  # nothing is counted yet
    await keep(db, clock)
    assert await differences(db, clock.now()) == []
    for happening in HAPPENINGS:
        clock.advance(3 * 3600)
        async with db.write() as connection:
            await happening(connection, life, clock.now())
        await keep(db, clock)
        assert await differences(db, clock.now()) == [], happening.__name__
    async with db.read() as connection:
        assert (await connection.execute(select(hours_to_count))).all() == []


async def test_what_has_just_happened_is_in_them_before_anything_counts_it(
    db: Database, clock: ManualClock
) -> None:
    life = Life(8)
    async with db.write() as connection:
        await life.begin(connection)
    await keep(db, clock)
    clock.advance(2 * 3600)
    async with db.write() as connection:
        tips = [life.tip(clock.now() - HOUR / 4) for _ in range(9)]
        await connection.execute(insert(tip_scores), tips)
        await life.react(connection, tips[:5], lambda _: clock.now())
    assert await differences(db, clock.now()) == []


async def test_a_purge_takes_its_hours_and_leaves_the_rest_right(
    db: Database, clock: ManualClock
) -> None:
    life = Life(9)
    async with db.write() as connection:
        await life.begin(connection)
    await keep(db, clock)
    before = clock.now() - 2 * DAY
    async with db.write() as connection:
        while await decisions.purge(connection, before):
            pass
    await keep(db, clock)
    assert await differences(db, clock.now(), since=2 * DAY - HOUR) == []
    async with db.read() as connection:
        oldest = select(hourly_tips.c.hour).order_by(hourly_tips.c.hour).limit(1)
        assert (await connection.execute(oldest)).scalar_one() >= hour_number(before)


async def test_who_was_there_before_what_is_purged_comes_anew(
    db: Database, clock: ManualClock
) -> None:
    life = Life(10)
    async with db.write() as connection:
        await life.begin(connection)
    await keep(db, clock)
    async with db.write() as connection:
        # at a full hour, so that the log begins where the whole hours do
        await decisions.purge(connection, hour_start(hour_number(clock.now() - 2 * DAY)) + HOUR)
    await keep(db, clock)
    week = Period(clock.now() - 7 * DAY, clock.now())
    async with db.read() as connection:
        assert await sums.people(connection, BY, week) == await counts.people(connection, BY, week)


async def test_what_nobody_told_of_heals(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AGAIN", 20)
    life = Life(11)
    async with db.write() as connection:
        await life.begin(connection)
    await keep(db, clock)
    async with db.write() as connection:
        await connection.execute(update(tip_scores).values(kind="insight"))
    assert await differences(db, clock.now()) != []
    for _ in range(20):
        clock.advance(60)
        await keep(db, clock)
    assert await differences(db, clock.now()) == []


async def test_of_two_who_count_at_once_one_goes_on(db: Database, clock: ManualClock) -> None:
    async with db.write() as connection:
        await Life(12).begin(connection)
    await keep(db, clock)
    async with db.write() as connection:
        known = await hourly.state(connection)
        assert known is not None
        assert await hourly.advance(connection, known, looked_at=NOW) is not None
        assert await hourly.advance(connection, known, looked_at=NOW) is None


ORDERS = [Slice("created_at", True, 5, 0), Slice("created_at", False, 5, 20)]
ASKED: list[dict[str, Choice]] = [
    {"policy": Choice(("ebts",), False), "version": Choice(("2",), False)},
    {"kind": Choice(("nothing",), False)},
    {"action": Choice(("done",), False)},
    {},
]


async def test_a_page_of_decisions_is_the_same_however_little_is_read_for_it(
    db: Database, clock: ManualClock
) -> None:
    async with db.write() as connection:
        await Life(13).begin(connection)
    await keep(db, clock)
    period = Period(clock.now() - 4 * DAY, clock.now())
    async with db.read() as connection:
        for filters, order in product(ASKED, ORDERS):
            far = await reach(connection, BY, period, filters, order)
            told = await log.page(connection, BY, far.period, filters, order)
            assert told == await log.page(connection, BY, period, filters, order)
            if far.total is not None:
                assert far.total == await log.count(connection, BY, period, filters)
            if "policy" in filters and order.down:
                assert far.period.since > period.since + DAY


async def test_in_another_order_than_that_of_time_the_newest_decisions_are_looked_through(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "MOST", 30)
    async with db.write() as connection:
        await Life(14).begin(connection)
    period = Period(clock.now() - 4 * DAY, clock.now())
    by_reward = Slice("reward", True, 50, 0)
    async with db.read() as connection:
        far = await reach(connection, BY, period, {}, by_reward)
        found = await log.page(connection, BY, far.period, {}, by_reward)
        newest = await log.page(connection, BY, period, {}, Slice("created_at", True, 30, 0))
    assert far.is_cut
    assert {it.id for it in newest.rows} <= {it.id for it in found.rows}
    assert len(found.rows) <= 32  # some were at the very same instant
