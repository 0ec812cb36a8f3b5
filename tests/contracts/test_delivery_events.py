"""What becomes of a delivery is told as an event, once, and of tips alone."""

from datetime import timedelta

import pytest

from oo.domain.deliveries import Outcome
from oo.store.database import Database
from tests.peers.both_stores import address, migrated, postgres_url, with_tables
from tests.peers.push.sending import World

__all__ = ["address", "migrated", "postgres_url", "with_tables"]  # fixtures

DELIVERED, OPENED, EXPIRED = (f"signals.tip.{name}" for name in ("delivered", "opened", "expired"))


@pytest.fixture
async def world(with_tables: Database) -> World:
    made = World(with_tables)
    await made.begin(devices=2)
    return made


async def test_a_tip_is_told_as_delivered_per_device_and_as_opened_once(world: World) -> None:
    delivery = await world.enqueue()
    await world.drain(2)
    device = world.carrier.carried[0][1].device_id
    for outcome in (Outcome.SHOWN, Outcome.OPENED, Outcome.OPENED):
        await world.devices.note(world.person, delivery, device, outcome)
    *sent, opened = await world.told()
    assert [subject for subject, _ in sent] == [DELIVERED] * 2
    assert len({payload["device_id"] for _, payload in sent}) == 2
    assert opened == (
        OPENED,
        {"tip_id": world.tips[0], "delivery_id": delivery, "device_id": device},
    )


async def test_one_that_is_too_late_is_told_as_expired(world: World) -> None:
    await world.enqueue(life=timedelta(minutes=1))
    world.clock.advance(120)
    await world.drain()
    assert {subject for subject, _ in await world.told()} == {EXPIRED}


async def test_the_test_of_a_device_is_told_to_nobody(world: World) -> None:
    (device, _) = await world.devices.list_for(world.person)
    await world.deliveries.test(world.person, device.id)
    await world.drain()
    assert [outcome for outcome, _ in await world.outcomes()] == [Outcome.SENT]
    assert await world.told() == []
