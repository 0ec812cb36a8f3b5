"""Sending lasts: on both stores, whatever becomes of the sender, the service and the person."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from oo.domain.consents import NOTIFICATIONS
from oo.domain.deliveries import Outcome
from oo.domain.rewards import Action
from oo.kit.errors import BadRequest, NotFound
from oo.push.channel import DeviceGone, NotAccepted, TryLater
from oo.push.devices import TooManyDevices
from oo.push.sender import LEASE
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import deliveries, erasures, tasks, users
from oo.store.database import Database
from tests.peers.both_stores import address, migrated, postgres_url, with_tables
from tests.peers.push.sending import HOUR, START, World
from tests.peers.store import add_person, say

__all__ = ["address", "migrated", "postgres_url", "with_tables"]  # fixtures


@pytest.fixture
async def world(with_tables: Database) -> World:
    made = World(with_tables)
    await made.begin(devices=2)
    return made


async def test_a_tip_goes_to_each_device_once(world: World) -> None:
    first = await world.enqueue()
    assert await world.enqueue() == first
    await world.drain(3)
    assert sorted(world.carrier.tokens()) == ["0", "1"]
    assert await world.outcomes() == [(Outcome.SENT, "")] * 2
    message = world.carrier.carried[0][1]
    assert (message.tip_id, message.body) == (world.tips[0], "Begin.")
    assert message.url == f"http://oo.test/?tip={world.tips[0]}"


async def test_it_waits_for_its_time_and_not_longer(world: World) -> None:
    now = world.clock.now()
    await world.deliveries.enqueue(world.person, world.tips[0], now + HOUR, now + 2 * HOUR)
    await world.drain()
    assert world.carrier.carried == []
    world.clock.advance(2 * 3600)
    await world.drain()
    assert world.carrier.carried == []
    assert await world.outcomes() == [(Outcome.EXPIRED, "too_late")] * 2


async def test_what_is_not_the_persons_tip_is_not_taken(world: World) -> None:
    now = world.clock.now()
    with pytest.raises(NotFound):
        await world.deliveries.enqueue(world.person, "f" * 32, now, now + HOUR)
    with pytest.raises(BadRequest):
        await world.deliveries.enqueue(world.person, world.tips[0], now, now)
    other = await add_person(world.db, world.clock, "eve")
    with pytest.raises(NotFound):
        await world.deliveries.enqueue(other, world.tips[0], now, now + HOUR)


async def test_a_busy_service_gets_the_pause_that_it_asked_for(world: World) -> None:
    busy = TryLater("busy", timedelta(seconds=90))
    world.carrier.raises = [busy, None]
    await world.enqueue()
    await world.drain(8, every=10)
    assert len(world.carrier.carried) == 1
    await world.drain(2, every=10)
    assert len(world.carrier.carried) == 2
    assert await world.outcomes() == [(Outcome.SENT, "")] * 2


async def test_a_broken_service_is_asked_ever_more_seldom(world: World) -> None:
    world.carrier.raises = [TryLater("500")] * 100
    await world.enqueue(life=timedelta(minutes=30))
    await world.drain(62, every=30)
    tries = 100 - len(world.carrier.raises)
    assert 8 <= tries <= 16  # two devices over half an hour
    assert await world.outcomes() == [(Outcome.EXPIRED, "too_late")] * 2


async def test_a_service_that_is_away_holds_up_nobody_else(with_tables: Database) -> None:
    world = World(with_tables)
    await world.begin(devices=0)
    for number in range(4):
        await world.add_device(f"{number}@away")
    await world.add_device("5@here")

    async def send(where: Any, message: Any) -> None:
        if where["token"].endswith("@away"):
            tried.append(where["token"])
            raise TryLater("nobody there", is_away=True)
        world.carrier.carried.append((where["token"], message))

    tried: list[str] = []
    world.carrier.send = send  # type: ignore[method-assign]
    sender = world.another()
    sender._turns = asyncio.Semaphore(1)  # so that the first has failed before the second
    world.sender = sender
    await world.enqueue()
    await world.drain()
    assert world.carrier.tokens() == ["5@here"]
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("fault", "detail", "left"),
    [(DeviceGone("410"), "device_gone", 1), (NotAccepted("http_400"), "http_400", 2)],
)
async def test_only_a_device_that_is_gone_ends(
    world: World, fault: Exception, detail: str, left: int
) -> None:
    world.carrier.raises = [fault]
    await world.enqueue()
    await world.drain(3)
    assert sorted(await world.outcomes()) == [(Outcome.REFUSED, detail), (Outcome.SENT, "")]
    assert len(await world.devices.list_for(world.person)) == left


@pytest.mark.parametrize("collapses", [True, False])
async def test_a_sender_that_dies_leaves_nothing_lost_or_doubled(
    with_tables: Database, collapses: bool
) -> None:
    world = World(with_tables, collapses=collapses)
    await world.begin()

    class Killed(BaseException):
        pass

    async def dies(results: object) -> None:
        raise Killed

    dying = world.another()
    dying._record = dies  # type: ignore[method-assign,assignment]
    await world.enqueue()
    with pytest.raises(Killed):
        await dying.send_due()
    await world.drain()
    assert len(world.carrier.carried) == 1, "it is leased"
    world.clock.advance(LEASE.total_seconds())
    await world.drain()
    keys = {message.key for _, message in world.carrier.carried}
    assert len(keys) == 1, "whatever is repeated has the same key"
    if collapses:
        assert len(world.carrier.carried) == 2
        assert await world.outcomes() == [(Outcome.SENT, "")]
    else:
        assert len(world.carrier.carried) == 1
        assert await world.outcomes() == [(Outcome.REFUSED, "in_doubt")]


async def test_two_senders_share_the_work(world: World) -> None:
    await world.enqueue()
    second = world.another()
    await asyncio.gather(*(one.send_due() for one in (world.sender, second) for _ in range(3)))
    assert sorted(world.carrier.tokens()) == ["0", "1"]


async def test_one_device_gets_so_many_an_hour(with_tables: Database) -> None:
    world = World(with_tables)
    await world.begin(tips=8)
    for tip in range(8):
        await world.enqueue(tip, 3 * HOUR)
    await world.drain(10)
    assert len(world.carrier.carried) == 6
    await world.drain(20, every=240)
    assert len(world.carrier.carried) == 8


async def test_a_daily_channel_gets_one_a_day(with_tables: Database) -> None:
    world = World(with_tables, daily=True)
    await world.begin(tips=2)
    for tip in range(2):
        await world.enqueue(tip)
    await world.drain(3)
    assert len(world.carrier.carried) == 1
    assert sorted(await world.outcomes()) == [(Outcome.REFUSED, "one_a_day"), (Outcome.SENT, "")]


async def test_nothing_is_sent_of_what_is_over(world: World) -> None:
    await world.enqueue()
    async with world.db.write() as connection:
        await users.lock(connection, [world.person])
        await tasks.mark_completed(connection, world.person, ["file:0"], world.clock.now())
        await users.bump_pool(connection, world.person)
    request = ReactionRequest(world.person, world.tips[0], Action.SNOOZE, 900, "k")
    await Reactions(world.db, world.clock).accept(request)
    await world.drain()
    assert world.carrier.carried == []
    assert {detail for _, detail in await world.outcomes()} == {"over"}


async def test_nothing_is_sent_without_consent_and_its_end_ends_all_devices(world: World) -> None:
    await world.enqueue()
    async with world.db.write() as connection:
        await say(connection, world.person, NOTIFICATIONS, world.clock.now(), given=False)
    await world.drain()
    assert world.carrier.carried == []
    assert await world.outcomes() == [(Outcome.REFUSED, "no_device")]
    assert await world.devices.list_for(world.person) == []


async def test_nothing_is_sent_to_who_is_erased(world: World) -> None:
    await world.enqueue()
    async with world.db.write() as connection:
        await erasures.begin(connection, world.person, world.clock.now(), "test")
    await world.drain()
    assert world.carrier.carried == []


async def test_who_is_erased_while_it_is_sent_holds_up_nobody(world: World) -> None:
    await world.enqueue()
    now = world.clock.now()

    async def send(where: Any, message: Any) -> None:
        async with world.db.write() as connection:
            await erasures.begin(connection, world.person, now, "test", revoke=False)
            await erasures.finish(connection, world.person, now, "test")

    world.carrier.send = send  # type: ignore[method-assign]
    await world.drain()
    async with world.db.read() as connection:
        assert await deliveries.outcomes_since(connection, world.person, START) == []


async def test_that_a_person_acted_is_told_with_the_outcomes(world: World) -> None:
    await world.enqueue()
    await world.drain()
    request = ReactionRequest(world.person, world.tips[0], Action.DONE, 900, "k")
    await Reactions(world.db, world.clock).accept(request)
    assert [it for it, _ in await world.outcomes()] == [Outcome.SENT, Outcome.SENT, Outcome.ACTED]


async def test_a_test_goes_to_one_device_and_is_no_tip(world: World) -> None:
    first, second = await world.devices.list_for(world.person)
    await world.deliveries.test(world.person, second.id)
    await world.drain()
    ((_, message),) = world.carrier.carried
    assert message.tip_id is None
    assert message.device_id == second.id
    other = await add_person(world.db, world.clock, "eve")
    with pytest.raises(NotFound):
        await world.deliveries.test(other, first.id)


async def test_ten_devices_are_the_most(world: World) -> None:
    for number in range(2, 10):
        await world.add_device(str(number))
    assert await world.add_device("3")
    with pytest.raises(TooManyDevices):
        await world.add_device("10")
    assert len(await world.devices.list_for(world.person)) == 10


async def test_devices_say_what_they_showed_and_nobody_says_it_for_others(world: World) -> None:
    delivery = await world.enqueue()
    await world.drain()
    device = world.carrier.carried[0][1].device_id
    for outcome in (Outcome.SHOWN, Outcome.SHOWN, Outcome.OPENED):
        await world.devices.note(world.person, delivery, device, outcome)
    other = await add_person(world.db, world.clock, "eve")
    with pytest.raises(NotFound):
        await world.devices.note(other, delivery, device, Outcome.OPENED)
    found = [it for it, _ in await world.outcomes()]
    assert sorted(found) == [Outcome.OPENED, Outcome.SENT, Outcome.SENT, Outcome.SHOWN]
