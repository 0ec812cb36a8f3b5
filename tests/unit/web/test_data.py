"""The person's data: shown, taken along, erased; and what they agree to."""

import io
import json
import zipfile

import httpx2
import pytest
from sqlalchemy import func, select

from oo.domain.consents import purposes
from oo.domain.legal import Document, documents, parse
from oo.domain.rewards import Action
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.recommend.reactions import ReactionRequest
from oo.store import audit, consents
from oo.store.category import categories
from oo.store.tables import candidates, feedback, profiles, tasks, tip_scores, user_models, users
from oo.web.services import Services
from tests.unit.web.conftest import Site, csrf_of

SAME = {"Sec-Fetch-Site": "same-origin"}
LIST = "\n".join(f"Water plant {number}" for number in range(12))


async def own_id(site: Site) -> str:
    async with site.db.read() as connection:
        return str((await connection.execute(select(users.c.id))).scalar_one())


async def count(site: Site, table: object) -> int:
    async with site.db.read() as connection:
        query = select(func.count()).select_from(table)  # type: ignore[arg-type]
        return int((await connection.execute(query)).scalar_one())


@pytest.fixture
async def browser(site: Site) -> httpx2.AsyncClient:
    """Of somebody who handed in a list and has reacted to ten tips."""
    browser = await site.signed_in()
    form = {"csrf": csrf_of(browser), "list": LIST}
    await browser.post("/connect/file/import", data=form, headers=SAME)
    parts: Services = site.app.state.services
    user_id = await own_id(site)
    for number in range(10):
        answer = await browser.post("/recommend", json={}, headers=SAME)
        tip = answer.json()["tip"]["id"].replace("-", "")
        site.clock.advance(30)
        await parts.reactions.accept(
            ReactionRequest(user_id, tip, Action.DONE, 20_000, str(number))
        )
    await parts.recommender._decisions._ranker.flush()  # type: ignore[attr-defined]  # as the shard does
    return browser


async def post(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    form = {"csrf": csrf_of(browser), **fields}
    return await browser.post(path, data=form, headers={**SAME, "accept": "text/html"})


async def test_the_page_shows_each_category_and_each_switch(browser: httpx2.AsyncClient) -> None:
    page = (await browser.get("/data")).text
    for category in categories().values():
        assert category.title in page
        assert f'id="kept-{category.name}"' in page
    for purpose in purposes().values():
        assert purpose.title in page
    assert "You act most before noon." in page
    assert "Of 10 tips that you finished in 30 days: 10 before noon." in page
    assert "21 November 2026" in page


async def test_an_export_holds_what_the_person_has(site: Site, browser: httpx2.AsyncClient) -> None:
    answer = await post(browser, "/data/export")
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="oo-2026-11-21.zip"' in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    titles = {row["title"] for row in json.loads(archive.read("json/tasks.json"))}
    assert titles == set(LIST.splitlines())
    assert len(json.loads(archive.read("json/feedback.json"))) == 10
    async with site.db.read() as connection:
        (link,) = await audit.newest(connection, 1)
    assert link.entry.action == "data.export"


@pytest.mark.parametrize(
    ("path", "fields"), [("/data/export", {}), ("/data/erase", {"category": "tips"})]
)
async def test_both_need_a_fresh_sign_in_and_the_own_form(
    site: Site, browser: httpx2.AsyncClient, path: str, fields: dict[str, str]
) -> None:
    forged = await browser.post(path, data=fields, headers=SAME)
    assert forged.status_code == 403
    site.clock.advance(601)
    answer = await post(browser, path, **fields)
    assert answer.headers["location"] == "/sign-in/again?next=/data"
    assert await count(site, tip_scores) == 10


async def test_erased_tips_leave_what_was_learnt(site: Site, browser: httpx2.AsyncClient) -> None:
    assert (await post(browser, "/data/erase", category="tips")).status_code == 303
    assert await count(site, tip_scores) == await count(site, candidates) == 0
    assert await count(site, profiles) == 0
    assert await count(site, feedback) == 10
    assert (await check_models(site.db, find_by_key)).different == []
    assert (await browser.post("/recommend", json={}, headers=SAME)).status_code == 200


async def test_what_was_learnt_is_erased_and_learning_begins_anew(
    site: Site, browser: httpx2.AsyncClient
) -> None:
    parts: Services = site.app.state.services
    user_id = await own_id(site)
    assert (await post(browser, "/data/erase", category="learnt")).status_code == 303
    async with site.db.read() as connection:
        rows = (await connection.execute(select(feedback))).all()
        states = (await connection.execute(select(user_models))).all()
    assert {(row.reward, row.late, str(row.features)) for row in rows} == {(0.0, True, "{}")}
    assert {row.applied_seq for row in states} == {11}
    assert (await check_models(site.db, find_by_key)).different == []
    assert (await check_decisions(site.db, Finder().find)).different == []
    # who holds the old state in memory follows the log
    tip = (await browser.post("/recommend", json={}, headers=SAME)).json()["tip"]["id"]
    asked = ReactionRequest(user_id, tip.replace("-", ""), Action.DONE, 20_000, "after")
    await parts.reactions.accept(asked)
    await browser.post("/recommend", json={}, headers=SAME)
    await parts.recommender._decisions._ranker.flush()  # type: ignore[attr-defined]  # as the shard does
    checked = await check_models(site.db, find_by_key)
    assert (checked.different, checked.reactions) == ([], 12)
    assert (await check_decisions(site.db, Finder().find)).different == []
    page = (await browser.get("/data")).text
    assert "after 10 reactions" not in page


async def test_a_source_is_erased_with_all_that_it_told(
    site: Site, browser: httpx2.AsyncClient
) -> None:
    assert (await post(browser, "/data/erase", source="file")).status_code == 303
    assert await count(site, tasks) == 0
    async with site.db.read() as connection:
        said = (await connection.execute(select(tip_scores.c.content))).scalars().all()
    assert not any("plant" in words for words in said)


async def test_only_what_may_be_erased_alone_is(browser: httpx2.AsyncClient) -> None:
    for name in ("account", "consents", "nonsense"):
        assert (await post(browser, "/data/erase", category=name)).status_code == 400
    assert (await post(browser, "/data/consents", purpose="terms", on="0")).status_code == 400


@pytest.mark.parametrize("name", documents())
async def test_a_document_is_there_for_everybody(site: Site, name: str) -> None:
    answer = await site.browser().get(f"/legal/{name}")
    assert answer.status_code == 200
    assert "<h2>" in answer.text
    assert f"Version {documents()[name].version}" in answer.text
    missing = await site.browser().get("/legal/nothing", headers={"accept": "text/html"})
    assert missing.status_code == 404


async def test_signing_in_is_recorded_as_agreement(site: Site) -> None:
    page = (await site.browser().get("/sign-in")).text
    assert all(f'href="/legal/{name}"' in page for name in documents())
    browser = await site.signed_in()
    assert (await browser.get("/")).status_code == 200
    async with site.db.read() as connection:
        said = await consents.history(connection, await own_id(site))
    assert {(it.purpose, it.version, it.how) for it in said} == {
        (it.name, it.version, "sign-in") for it in documents().values()
    }


async def test_a_new_version_asks_again_and_does_not_insist(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await site.signed_in()
    newer = {**documents(), "terms": documents()["terms"]._replace(version=2)}
    monkeypatch.setattr("oo.web.pages.legal.documents", lambda: newer)
    assert (await browser.get("/")).headers["location"] == "/agree"
    assert (await browser.get("/?later=1")).status_code == 200
    page = (await browser.get("/agree")).text
    assert "/legal/terms" in page
    assert "/legal/privacy" not in page
    assert (await post(browser, "/agree", terms="1")).status_code == 303  # not what it is now
    assert (await browser.get("/")).status_code == 303
    assert (await post(browser, "/agree", terms="2")).headers["location"] == "/"
    assert (await browser.get("/")).status_code == 200
    assert (await browser.get("/agree")).headers["location"] == "/"


def test_a_document_begins_with_its_version() -> None:
    good = "---\ntitle: Terms\nversion: 3\n---\nText\n"
    assert parse("terms", good) == Document("terms", "Terms", 3, "Text")
    for bad in ("Text", "---\ntitle: Terms\n---\nText", good.replace("3", "0"), f"x{good}"):
        with pytest.raises(ValueError, match="must begin"):
            parse("terms", bad)
