"""What people set about being spoken to: by page and by API, and what they were sent."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from oo.domain.interruptions import MomentKind, PushOutcome
from oo.store.tables import delivery_decisions, tip_scores, users
from tests.unit.web.conftest import Site, csrf_of

SAME = {"Sec-Fetch-Site": "same-origin"}
HTML = {**SAME, "accept": "text/html"}


async def test_wishes_are_kept_and_told(site: Site) -> None:
    browser = await site.signed_in()
    first = (await browser.get("/api/me/delivery")).json()
    assert (first["quiet_from"], first["quiet_until"], first["budget"]) == ("22:00", "07:00", 3)
    wish = {"quiet_from": "23:30", "quiet_until": "23:30", "budget": 0}
    told = await browser.put("/api/me/delivery", json=wish, headers=SAME)
    assert told.status_code == 200
    assert wish.items() <= (await browser.get("/api/me/delivery")).json().items()
    page = (await browser.get("/delivery", headers=HTML)).text
    assert 'value="23:30"' in page
    assert '<option value="0" selected>' in page


@pytest.mark.parametrize(
    "wish",
    [
        {"quiet_from": "24:00", "quiet_until": "07:00", "budget": 3},
        {"quiet_from": "22:00", "quiet_until": "7", "budget": 3},
        {"quiet_from": "22:00", "quiet_until": "07:00", "budget": -1},
        {"quiet_from": "22:00", "quiet_until": "07:00", "budget": 11},
        {"quiet_from": "22:00", "quiet_until": "07:00"},
    ],
)
async def test_a_wish_that_is_none_changes_nothing(site: Site, wish: dict[str, object]) -> None:
    browser = await site.signed_in()
    before = (await browser.get("/api/me/delivery")).json()
    refused = await browser.put("/api/me/delivery", json=wish, headers=SAME)
    assert refused.status_code == 422
    form = {"csrf": csrf_of(browser), **{key: str(value) for key, value in wish.items()}}
    page = await browser.post("/delivery/wishes", data=form, headers=HTML)
    assert page.status_code == 400
    assert (await browser.get("/api/me/delivery")).json() == before


async def test_not_now_ends_by_itself_and_can_be_ended(site: Site) -> None:
    browser = await site.signed_in()
    told = await browser.post("/api/me/not-now", json={"until": "hour"}, headers=SAME)
    assert told.json()["not_before"] is not None
    assert "Silent until" in (await browser.get("/delivery", headers=HTML)).text
    site.clock.advance(3601)
    assert (await browser.get("/api/me/delivery")).json()["not_before"] is None
    form = {"csrf": csrf_of(browser), "until": "tomorrow"}
    await browser.post("/delivery/not-now", data=form, headers=HTML)
    assert (await browser.get("/api/me/delivery")).json()["not_before"] is not None
    form["until"] = ""
    await browser.post("/delivery/not-now", data=form, headers=HTML)
    assert (await browser.get("/api/me/delivery")).json()["not_before"] is None
    form["until"] = "next year"
    assert (await browser.post("/delivery/not-now", data=form, headers=HTML)).status_code == 400


async def test_what_was_sent_is_told_with_its_reason(site: Site) -> None:
    browser = await site.signed_in()
    list_of = {"csrf": csrf_of(browser), "list": "Water the plants"}
    await browser.post("/connect/file/import", data=list_of, headers=SAME)
    tip = (await browser.post("/recommend", json={}, headers=SAME)).json()["tip"]["id"]
    at = site.clock.now() - timedelta(hours=1)
    async with site.db.write() as connection:
        ada = (await connection.execute(select(users.c.id, users.c.timezone))).one()
        content = (await connection.execute(select(tip_scores.c.content))).scalar_one()
        await connection.execute(
            insert(delivery_decisions).values(
                id="0" * 32, user_id=ada.id, created_at=at, moment=MomentKind.USUAL_HOUR,
                policy="learnt", policy_version="1", seed=1, state_seq=0,
                features={"intercept": [0.0, 1.0]}, chosen=1, propensities=[0.5, 0.5],
                scores=[0.0, 0.1], tip_id=tip.replace("-", ""), outcome=PushOutcome.ACTED,
            )
        )  # fmt: skip
    hour = at.astimezone(ZoneInfo(ada.timezone)).hour
    page = (await browser.get("/delivery", headers=HTML)).text
    assert f"because you are usually free at {hour}" in page
    assert "You did it." in page
    assert content[:10] in page
    sent = (await browser.get("/api/me/delivery")).json()["sent"]
    assert [one["outcome"] for one in sent] == ["acted"]
    stranger = await site.browser().get("/api/me/delivery", headers=SAME)
    assert stranger.status_code == 401
