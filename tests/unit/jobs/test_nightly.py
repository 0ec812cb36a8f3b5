"""The nightly batch: who is in it, in which order, and how it goes on after it was cut off."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from oo.domain.pools import Ahead, Ended
from oo.domain.tasks import Task
from oo.jobs.nightly import ATTEMPTS, is_due, plan, work
from oo.jobs.periodic import nightly
from oo.kit.clock import ManualClock
from oo.kit.errors import Unavailable
from oo.kit.setting_groups import Nightly
from oo.store import batches, kept_profiles, sessions, tasks
from oo.store.batches import Progress
from oo.store.database import Database
from oo.store.kept_profiles import Profile
from tests.peers.store import add_person

ONE_BY_ONE = Nightly(at_once=1)
DAYS = 30


async def active(db: Database, clock: ManualClock, name: str, hour: float | None = None) -> str:
    """A signed-in person with a task, who usually comes at that hour."""
    user = await add_person(db, clock, name)
    now = clock.now()
    async with db.write() as connection:
        await tasks.put(connection, user, [Task("file:1", "file", "1", "Write")])
        await sessions.add(
            connection,
            user,
            name.rjust(64, "0"),
            created_at=now,
            expires_at=now + timedelta(days=90),
            authenticated_at=now,
            user_agent="",
        )
        if hour is not None:
            angle = 2 * math.pi * hour / 24
            hours = {"preferred_hour_sin": math.sin(angle), "preferred_hour_cos": math.cos(angle)}
            await kept_profiles.save(connection, Profile(user, 0, hours, now), 0)
    return user


class Pools:
    """Gives turns as the generator does, and fails for some; ends after `most` of them."""

    def __init__(self, db: Database, clock: ManualClock, most: int = 1000) -> None:
        self.db, self.clock, self.most = db, clock, most
        self.turns: list[tuple[str, datetime]] = []
        self.fails: set[str] = set()
        self.is_late = False

    async def is_ready(self) -> bool:
        return True

    async def fill(self, user_id: str) -> None: ...

    def behind(self, user_id: str) -> None: ...

    async def fill_ahead(self, user_id: str, turn: Ahead) -> Ended:
        if len(self.turns) >= self.most:
            raise Unavailable("killed")
        self.turns.append((user_id, turn.at))
        if self.is_late:
            return Ended.LATER
        if user_id in self.fails:
            return Ended.FAILED
        async with self.db.write() as connection:
            now = self.clock.now()
            await batches.end_turn(connection, turn.batch_id, user_id, Ended.MADE, now)
        return Ended.MADE


async def begun(db: Database, clock: ManualClock) -> Progress:
    batch = await plan(db, clock, DAYS)
    assert batch is not None
    return batch


async def test_who_comes_soonest_goes_first(db: Database, clock: ManualClock) -> None:
    late = await active(db, clock, "late", hour=20)  # it is nine in the morning
    unknown = await active(db, clock, "unknown")
    soon = await active(db, clock, "soon", hour=13)
    pools = Pools(db, clock)
    assert await work(db, clock, pools, await begun(db, clock), ONE_BY_ONE) == 3
    assert [user for user, _ in pools.turns] == [unknown, soon, late]
    assert [at.hour for _, at in pools.turns] == [9, 13, 20]


async def test_only_active_people_with_something_to_do_are_in_it(
    db: Database, clock: ManualClock
) -> None:
    await add_person(db, clock, "never signed in")
    idle = await active(db, clock, "idle")
    async with db.write() as connection:
        await tasks.mark_completed(connection, idle, ["file:1"], clock.now())
    await active(db, clock, "long ago")
    clock.advance(timedelta(days=DAYS + 1).total_seconds())
    assert await plan(db, clock, DAYS) is None
    await active(db, clock, "ada")
    assert (await begun(db, clock)).people == 1


async def test_a_batch_that_was_cut_off_goes_on_where_it_was(
    db: Database, clock: ManualClock
) -> None:
    people = {await active(db, clock, f"{number}") for number in range(7)}
    batch = await begun(db, clock)
    first, second = Pools(db, clock, most=3), Pools(db, clock)
    assert await work(db, clock, first, batch, ONE_BY_ONE) == 3
    assert await nightly.run(db, clock, second, ONE_BY_ONE) == 4
    given = [user for user, _ in first.turns + second.turns]
    assert (len(given), set(given)) == (7, people)
    async with db.read() as connection:
        last = await batches.newest(connection)
    assert last is not None
    assert (last.id, last.done, last.finished_at) == (batch.id, 7, clock.now())
    assert await nightly.run(db, clock, second, ONE_BY_ONE) == 0


async def test_somebody_for_whom_it_fails_goes_last_and_is_given_up(
    db: Database, clock: ManualClock
) -> None:
    people = [await active(db, clock, f"{number}") for number in range(3)]
    pools = Pools(db, clock)
    pools.fails = {people[0]}
    batch = await begun(db, clock)
    for _ in range(ATTEMPTS):
        await work(db, clock, pools, batch, ONE_BY_ONE)
    assert [user for user, _ in pools.turns].count(people[0]) == ATTEMPTS
    async with db.read() as connection:
        assert (await batches.progress(connection, batch.id)).outcomes == {"made": 2, "failed": 1}


async def test_a_model_that_is_away_or_late_costs_nobody_their_turn(
    db: Database, clock: ManualClock
) -> None:
    people = [await active(db, clock, f"{number}") for number in range(3)]
    pools = Pools(db, clock)
    pools.is_late, batch = True, await begun(db, clock)
    for _ in range(ATTEMPTS + 1):
        assert await work(db, clock, pools, batch, ONE_BY_ONE) == 0
    assert len(pools.turns) == ATTEMPTS + 1  # after one of them the model is looked at again
    pools.is_late = False
    assert await work(db, clock, pools, batch, ONE_BY_ONE) == len(people)


async def test_several_people_have_their_turns_at_once(db: Database, clock: ManualClock) -> None:
    for number in range(9):
        await active(db, clock, f"{number}")
    pools = Pools(db, clock)
    assert await work(db, clock, pools, await begun(db, clock), Nightly(at_once=4)) == 9
    assert len({user for user, _ in pools.turns}) == 9


@pytest.mark.parametrize(
    ("at", "begun_at", "due"),
    [
        ("02:00", None, True),
        ("01:59", None, False),
        ("05:59", None, True),
        ("07:00", None, False),  # the night was missed
        ("03:00", "02:00", False),
        ("03:00", "01:00", True),  # by hand, in the evening
    ],
)
def test_a_night_has_one_batch(at: str, begun_at: str | None, due: bool) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-21 {text}").replace(tzinfo=UTC)

    newest = None if begun_at is None else Progress("b", moment(begun_at), None, 1, {})
    assert is_due(newest, 2, moment(at)) is due
