"""A person hears of a task in other words the next day."""

from datetime import timedelta

import pytest

from ml.activities.activity import activities
from oo.domain.context import HEARD_DAYS, MAX_HEARD
from oo.domain.tasks import Task
from oo.kit.clock import ManualClock
from oo.recommend.deciding import Account, Served
from oo.store import decisions, tasks, users
from oo.store.database import Database
from tests.peers.store import add_person
from tests.unit.recommend.test_recommender import recommender

KNOWN = {
    text
    for kind in activities().values()
    for texts in kind.wordings["en"].steps.values()
    for text in texts
}


async def told(db: Database, clock: ManualClock, user: str) -> str:
    """What a new ingress tells the person now."""
    async with db.read() as connection:
        head = (await users.heads(connection, [user]))[user]
    account = Account(user, head.user_seq, head.pool_version, head.timezone)
    served = await recommender(db, clock).recommend(account)
    assert isinstance(served, Served)
    return served.candidate.content


async def test_a_task_that_stays_is_not_told_the_same_way_every_day(
    db: Database, clock: ManualClock, user: str
) -> None:
    async with db.write() as connection:
        await tasks.put(connection, user, [Task("file:1", "file", "1", "Call the dentist")])
    said = []
    for _ in range(4):
        said.append(await told(db, clock, user))
        clock.advance(timedelta(days=1).total_seconds())
    steps = [step for content in said for step in KNOWN if content.endswith(step)]
    assert len(set(said)) == len(said)
    assert len(set(steps)) == len(steps)


async def test_what_was_heard_is_the_persons_own_once_and_of_two_weeks(
    db: Database, clock: ManualClock, user: str
) -> None:
    other = await add_person(db, clock, "bob")
    for person, title in ((user, "Call the dentist"), (other, "Water the plants")):
        async with db.write() as connection:
            await tasks.put(connection, person, [Task("file:1", "file", "1", title)])
        for _ in range(3):
            await told(db, clock, person)
    async with db.read() as connection:
        found = await decisions.heard(connection, user, clock.now())
        assert 0 < len(found) == len({one.content for one in found}) <= MAX_HEARD
        assert {one.days_ago for one in found} == {0}
        assert not any("plants" in one.content for one in found)
        later = clock.now() + timedelta(days=HEARD_DAYS, minutes=1)
        assert await decisions.heard(connection, user, later) == []


async def test_of_somebody_who_asks_all_day_long_only_the_newest_is_read(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.write() as connection:
        await tasks.put(connection, user, [Task("file:1", "file", "1", "Call the dentist")])
    monkeypatch.setattr(decisions, "READ_HEARD", 2)
    told_last = []
    for _ in range(3):
        told_last.append(await told(db, clock, user))
        clock.advance(timedelta(days=1).total_seconds())
    async with db.read() as connection:
        found = await decisions.heard(connection, user, clock.now())
    assert [one.content for one in found] == told_last[:0:-1]
    assert [one.days_ago for one in found] == [1, 2]
