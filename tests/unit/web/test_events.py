"""The log of events over HTTP: for whom, which, and as they happen."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from oo.domain.events import ALL_EVENTS, RING
from oo.domain.roles import Role
from oo.events import ring
from oo.events.relay import Relay
from oo.store import outbox, users
from oo.web import events as module
from tests.peers.happenings import decision, serve, sync
from tests.peers.store import add_person
from tests.unit.web.conftest import Site

SAME = {"sec-fetch-site": "same-origin", "accept": "application/json"}
URL = "/api/admin/events"


async def of_role(site: Site, role: Role) -> httpx2.AsyncClient:
    browser = await site.signed_in(**SAME)
    async with site.db.write() as connection:
        (ada,) = (await users.sequences(connection)).keys()
        await users.set_role(connection, ada, role)
    return browser


async def happen(site: Site, user_id: str, count: int) -> None:
    for number in range(count):
        await sync(site.db, site.clock, user_id, number)
    await Relay(site.db, site.clock).relay()


def streamed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


async def test_it_is_for_viewers(site: Site) -> None:
    browser = await site.signed_in(**SAME)
    assert (await browser.get(URL)).status_code == 403
    assert (await site.browser(**SAME).get(URL)).status_code == 401
    assert (await browser.get(f"{URL}/consumers")).status_code == 403


async def test_pages_follow_each_other_without_a_gap(site: Site) -> None:
    browser = await of_role(site, Role.VIEWER)
    bob = await add_person(site.db, site.clock, "bob")
    await happen(site, bob, 30)
    first = (await browser.get(URL, params={"limit": 20})).json()
    second = (await browser.get(URL, params={"after": first["next"]})).json()
    numbers = [one["payload"]["put"] for one in first["events"] + second["events"]]
    assert numbers == list(range(30))
    assert (await browser.get(URL, params={"after": second["next"]})).json()["events"] == []


async def test_it_begins_with_the_newest(site: Site) -> None:
    browser = await of_role(site, Role.VIEWER)
    bob = await add_person(site.db, site.clock, "bob")
    await happen(site, bob, RING + 20)
    found = (await browser.get(URL)).json()["events"]
    assert [found[0]["seq"], found[-1]["seq"]] == [21, RING + 20]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"subject": "signals.task.synced"}, 3),
        ({"subject": "signals.*.synced"}, 3),
        ({"subject": "signals.>"}, 3),
        ({"subject": "feedback.>"}, 0),
        ({"person": "0" * 32}, 0),
        ({"since": "2020-01-01T00:00:00Z"}, 3),
        ({"until": "2020-01-01T00:00:00Z"}, 0),
    ],
)
async def test_filters(site: Site, asked: dict[str, str], count: int) -> None:
    browser = await of_role(site, Role.VIEWER)
    await happen(site, await add_person(site.db, site.clock, "bob"), 3)
    assert len((await browser.get(URL, params=asked)).json()["events"]) == count


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"subject": "Nö"}, 422),
        ({"person": "ada"}, 422),
        ({"since": "2020-01-01T00:00:00"}, 400),
        ({"limit": "501"}, 422),
        ({"after": "-1"}, 422),
    ],
)
async def test_what_is_malformed_is_a_problem(
    site: Site, asked: dict[str, str], status: int
) -> None:
    browser = await of_role(site, Role.VIEWER)
    answer = await browser.get(URL, params=asked)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stream_goes_on_where_the_last_one_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ENDS_AFTER_S", 0.02)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    browser = await of_role(site, Role.VIEWER)
    bob = await add_person(site.db, site.clock, "bob")
    await happen(site, bob, 5)
    stream = {"accept": module.STREAM}
    first = await browser.get(URL, headers=stream)
    assert first.headers["content-type"].startswith(module.STREAM)
    assert "content-security-policy" in first.headers
    assert [one["payload"]["put"] for one in streamed(first.text)] == list(range(5))
    await happen(site, bob, 3)
    ids = [line[4:] for line in first.text.splitlines() if line.startswith("id: ")]
    second = await browser.get(URL, headers={**stream, "last-event-id": ids[-1]})
    assert [one["seq"] for one in streamed(second.text)] == [6, 7, 8]
    assert site.app.state.event_viewers == 0


async def test_an_admin_has_events_replayed(site: Site) -> None:
    browser = await of_role(site, Role.ADMIN)
    await happen(site, await add_person(site.db, site.clock, "bob"), 3)
    wish = {"consumer": "counted", "first": 1, "last": 2, "reason": "to see it"}
    answer = await browser.post(f"{URL}/replay", json=wish)
    assert (answer.status_code, answer.json()) == (202, {"events": 2})
    (standing,) = (await browser.get(f"{URL}/consumers")).json()
    assert (standing["name"], standing["replaying"]) == ("counted", 2)
    for wrong, status in (({**wish, "consumer": "x"}, 404), ({**wish, "first": 0}, 422)):
        assert (await browser.post(f"{URL}/replay", json=wrong)).status_code == status


async def test_a_filter_looks_at_a_bounded_number_and_says_where_to_go_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "LOOK_BACK", 10)
    browser = await of_role(site, Role.VIEWER)
    bob = await add_person(site.db, site.clock, "bob")
    made = decision(site.clock, bob)
    await serve(site.db, site.clock, [made])
    await happen(site, bob, 25)
    asked = {"subject": "signals.tip.*", "limit": 5}
    assert (await browser.get(URL, params=asked)).json() == {"events": [], "next": 26}
    after, found = 0, []
    for _ in range(3):
        page = (await browser.get(URL, params={**asked, "after": after})).json()
        after = page["next"]
        found += page["events"]
    assert (after, [one["seq"] for one in found]) == (26, [1])
    of_bob = (await browser.get(URL, params={"person": bob, "limit": 5})).json()
    assert [one["seq"] for one in of_bob["events"]] == [1, 2, 3, 4, 5]


async def test_a_viewer_of_500_a_second_loses_none(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seconds of what `python -m tests.bench.tail` does for a minute, through the real bus."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    bob = await add_person(site.db, site.clock, "bob")
    relay, seen = Relay(site.db, site.clock), list[int]()

    async def happens() -> None:
        for _ in range(20):
            async with site.db.write() as connection:
                for number in range(50):
                    told = {"source": "todoist", "put": number, "gone": 0}
                    await outbox.tell(connection, bob, outbox.TASK_SYNCED, told, site.clock.now())
            await relay.relay()
            await asyncio.sleep(0.05)

    async def watches() -> None:
        async for some in module._follow(ring.Ring(site.db), 0, ALL_EVENTS):
            seen.extend(one["seq"] for one in streamed(some.decode()))
            if len(seen) == 1000:
                return

    async with asyncio.timeout(60):
        await asyncio.gather(happens(), watches())
    assert seen == list(range(1, 1001))
