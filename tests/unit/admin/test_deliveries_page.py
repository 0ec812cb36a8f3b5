"""The page of deliveries: what the real sender did, why then, and what came of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from oo.domain.deliveries import Outcome
from oo.domain.delivery_log import DeliveryDecision
from oo.domain.interruptions import MomentKind, PushOutcome
from oo.push.channel import NotAccepted
from oo.store import deliveries, delivery_log, devices
from tests.peers.push.sending import START, World
from tests.unit.admin.conftest import Console

WHEN = "since=2026-11-20T00:00:00Z&until=2026-11-23T00:00:00Z"


@pytest.fixture
async def world(console: Console) -> World:
    """Two tips that were decided on and sent to two devices, of which one refuses the second."""
    made = World(console.site.db)
    await made.begin(devices=2, tips=2)
    for number, outcome in enumerate((PushOutcome.ACTED, PushOutcome.IGNORED)):
        decision = DeliveryDecision(
            id=f"{number}" * 32,
            user_id=made.person,
            created_at=made.clock.now(),
            moment=MomentKind.GAP,
            policy="learnt",
            policy_version="2",
            seed=1,
            state_seq=0,
            features={"intercept": [0.0, 1.0]},
            chosen=1,
            propensities=[0.75, 0.25],
            scores=[0.0, 0.1],
            tip_id=made.tips[number],
        )
        silent = replace(decision, id=f"{number + 8}" * 32, chosen=0, tip_id=None)
        if number:
            made.carrier.raises = [NotAccepted("bad_token"), None]
        delivery = await made.enqueue(number)
        await made.drain(3)
        async with made.db.write() as connection:
            await delivery_log.append(connection, [decision, silent])
            await delivery_log.note_sent(connection, [(made.person, decision.id, delivery)])
            await delivery_log.settle(
                connection, made.person, decision.id, outcome, 0.1, START + timedelta(hours=1)
            )
            if not number:
                device = (await devices.list_for(connection, made.person))[0].id
                await deliveries.note(
                    connection, made.person, delivery, device, Outcome.OPENED, made.clock.now()
                )
    return made


async def told(console: Console, query: str = "", who: str = "admin") -> dict[str, Any]:
    answer = await console.browsers[who].get(f"/api/admin/deliveries?{WHEN}{query}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return {
        **{it["name"]: it["rows"] for it in found["tables"]},
        "figures": {it["title"]: it["value"] for it in found["figures"]},
    }


async def test_each_sending_says_how_far_it_got_why_then_and_what_came(
    console: Console, world: World
) -> None:
    found = await told(console)
    rows = found["sendings"]
    assert sorted(row["outcome"] for row in rows) == ["opened", "refused", "sent", "sent"]
    assert {row["moment"] for row in rows} == {"gap"}
    assert {row["propensity"] for row in rows} == {0.25}
    assert {row["channel"] for row in rows} == {"carrier"}
    assert sorted(row["came"] for row in rows) == ["acted", "acted", "ignored", "ignored"]
    assert all((row["latency_ms"] is None) == (row["outcome"] == "refused") for row in rows)
    assert {row["email"] for row in rows} == {"ada@example.org"}
    figures = found["figures"]
    assert (figures["Moments"], figures["Spoke"], figures["Sent"]) == (4, 0.5, 3)


async def test_shares_have_their_interval_and_filters_narrow_them(
    console: Console, world: World
) -> None:
    (channel,) = (await told(console, "&by=channel"))["groups"]
    assert (channel["value"], channel["sendings"], channel["sent"]) == ("carrier", 4, 3)
    ignored = channel["ignored"]
    assert (ignored["value"], ignored["n"]) == (0.5, 4)
    assert ignored["low"] < 0.5 < ignored["high"]
    for query, count in (
        ("&outcome=refused", 1),
        ("&outcome=!refused", 3),
        ("&came=ignored", 2),
        ("&channel=none", 0),
        ("&moment=gap&policy=learnt", 4),
        ("&user=ada@example.org", 4),
        ("&user=!ada@example.org", 0),
    ):
        narrowed = await told(console, query)
        assert len(narrowed["sendings"]) == count, query
        assert sum(it["sendings"] for it in narrowed["groups"]) == count, query


async def test_devices_that_refuse_are_named_with_their_reason(
    console: Console, world: World
) -> None:
    (failing,) = (await told(console, who="viewer"))["failing"]
    assert (failing["refused"], failing["detail"]) == (1, "bad_token")
    assert failing["user_id"] == world.person
    answer = await console.admin.get(f"/admin/deliveries/export.csv/groups?{WHEN}")
    assert "ignored_low,ignored_high,ignored_n" in answer.text
    for text in (answer.text, repr(await told(console))):
        assert "Begin." not in text
