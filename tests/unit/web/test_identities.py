"""A person adds and removes ways to sign in; nobody gets into another person's account by it."""

import re
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from oo.identity.failures import Cause
from oo.identity.identities import Identities
from oo.identity.provider import News, Notice
from oo.store.tables import identities, sessions
from tests.peers.signing import ISSUER
from tests.unit.web.conftest import Site, csrf_of
from tests.unit.web.signing_in import Scene, causes, scene_of

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def scene(site: Site) -> Scene:
    """The local person, in a browser of theirs."""
    scene = scene_of(site)
    return scene._replace(browser=await site.signed_in(accept="text/html"))


async def begin_adding(scene: Scene, name: str = "stand") -> dict[str, str]:
    start = await scene.browser.get(f"/identities/{name}/add", headers=SAME)
    assert start.status_code == 303, start.text
    return scene.provider.consent(start.headers["location"])


async def sign_in(scene: Scene, subject: str, **claims: str) -> Scene:
    """The scene of a new browser in which `subject` has signed in at the provider."""
    scene.provider.claims = {"sub": subject, **claims}
    scene = scene._replace(browser=scene.site.browser(accept="text/html"))
    assert (await scene.come_back(await scene.begin())).headers["location"] == "/"
    return scene


async def remove(browser: httpx2.AsyncClient, identity_id: str) -> httpx2.Response:
    path = f"/identities/{identity_id}/remove"
    return await browser.post(path, data={"csrf": csrf_of(browser)}, headers=SAME)


async def owners(scene: Scene) -> dict[str, str]:
    """Whose each identity is."""
    async with scene.site.db.read() as connection:
        rows = await connection.execute(select(identities.c.subject, identities.c.user_id))
        return {row.subject: row.user_id for row in rows}


async def test_a_second_way_leads_to_the_same_person(scene: Scene) -> None:
    page = (await scene.browser.get("/identities")).text
    assert "The link on this machine" in page
    assert "Remove" not in page  # the only one stays
    answer = await scene.come_back(await begin_adding(scene))
    assert answer.headers["location"] == "/identities?notice=added"
    page = (await scene.browser.get("/identities?notice=added")).text
    assert "Added." in page
    assert "ada@example.org" in page
    found = await owners(scene)
    assert found["ada"] == found["owner"]
    await sign_in(scene, "ada")
    assert await owners(scene) == found
    # once more changes nothing
    answer = await scene.come_back(await begin_adding(scene))
    assert answer.headers["location"] == "/identities?notice=known"
    assert await owners(scene) == found


async def test_the_same_address_is_not_the_same_person(scene: Scene) -> None:
    await sign_in(scene, "ada", email="same@example.org")
    await sign_in(scene, "eve", email="same@example.org")
    found = await owners(scene)
    assert len({*found.values()}) == 3


async def test_an_identity_of_somebody_else_is_refused(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await sign_in(scene, "bob")
    before = await owners(scene)
    answer = await scene.come_back(await begin_adding(scene))
    assert answer.status_code == 409
    assert "This account belongs to somebody else here" in answer.text
    assert 'href="/identities"' in answer.text
    assert causes(caplog) == [Cause.IDENTITY_TAKEN]
    assert await owners(scene) == before


async def test_only_the_session_that_began_adds(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    before = await owners(scene)
    ended = await begin_adding(scene)
    async with scene.site.db.write() as connection:
        await connection.execute(sessions.delete())
    assert (await scene.come_back(ended)).status_code == 401
    # another person has signed in meanwhile, in the same browser
    scene = scene._replace(browser=await scene.site.signed_in(accept="text/html"))
    began = await begin_adding(scene)
    other = await sign_in(scene, "bob")
    scene.browser.cookies.delete("sid")
    scene.browser.cookies.set("sid", other.browser.cookies["sid"])
    scene.provider.claims = {}
    assert (await scene.come_back(began)).status_code == 401
    assert causes(caplog) == [Cause.SESSION_ENDED] * 2
    assert await owners(scene) == {**before, "bob": (await owners(scene))["bob"]}


async def test_an_answer_by_form_brings_no_session_and_still_adds(scene: Scene) -> None:
    answer = await begin_adding(scene)
    scene.browser.cookies.delete("sid")  # as of a form that another site posts
    done = await scene.browser.post("/auth/stand/callback", data=answer)
    assert done.headers["location"] == "/identities?notice=added"
    assert "sid" not in scene.browser.cookies


async def test_adding_is_begun_on_the_page_by_somebody_who_has_just_signed_in(
    scene: Scene,
) -> None:
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}):
        answer = await scene.browser.get("/identities/stand/add", headers=headers)
        assert answer.status_code == 403
    page = (await scene.browser.get("/identities")).text
    assert "/identities/stand/add" in page
    scene.site.clock.advance(601)
    for answer in (
        await scene.browser.get("/identities/stand/add", headers=SAME),
        await remove(scene.browser, "x"),
    ):
        assert answer.headers["location"] == "/sign-in/again?next=/identities"
    nobody = await scene.site.browser(accept="text/html").get("/identities")
    assert nobody.headers["location"] == "/sign-in?next=/identities"


async def test_one_is_removed_and_the_last_one_stays(scene: Scene) -> None:
    scene.site.clock.advance(1)
    await scene.come_back(await begin_adding(scene))
    page = (await scene.browser.get("/identities")).text
    first, second = re.findall(r"/identities/(\w+)/remove", page)
    bob = await sign_in(scene, "bob")
    for other in (first, second, "guess"):
        assert (await remove(bob.browser, other)).status_code == 404
    assert {*await owners(scene)} == {"owner", "ada", "bob"}
    await remove(scene.browser, first)
    assert {*await owners(scene)} == {"ada", "bob"}
    answer = await remove(scene.browser, second)
    assert answer.status_code == 409
    assert "This is your only way in" in answer.text
    assert {*await owners(scene)} == {"ada", "bob"}


async def test_who_somebody_is_called_follows_the_identity_that_said_so(scene: Scene) -> None:
    bob = await sign_in(scene, "bob", email="bob@example.org", name="Bob")
    assert "bob@example.org" in (await bob.browser.get("/connect")).text
    scene.provider.claims = {"sub": "work", "email": "b@work.test", "name": "Robert"}
    await bob.come_back(await begin_adding(bob))
    bob = await sign_in(scene, "work", email="b@work.test", name="Robert")
    assert "bob@example.org" in (await bob.browser.get("/connect")).text
    bob = await sign_in(scene, "bob", email="bobby@example.org", name="")
    assert "bobby@example.org" in (await bob.browser.get("/connect")).text


async def sent(scene: Scene, news: News, later: int = 1) -> None:
    at = scene.site.clock.now() + timedelta(seconds=later)
    heeds = Identities(scene.site.db, scene.site.clock)
    await heeds.heed(ISSUER, Notice(news, "ada", at))


async def test_news_of_an_account_are_heeded(scene: Scene) -> None:
    await scene.come_back(await begin_adding(scene))
    await sent(scene, News.EMAIL_OFF)
    assert "forwards no mail" in (await scene.browser.get("/identities")).text
    await sent(scene, News.EMAIL_ON, later=0)  # old: it was taken back since
    assert "forwards no mail" in (await scene.browser.get("/identities")).text
    await sent(scene, News.EMAIL_ON)
    assert "forwards no mail" not in (await scene.browser.get("/identities")).text
    await sent(scene, News.CONSENT_REVOKED, later=-1)  # old: it has been used since
    assert (await scene.browser.get("/identities")).status_code == 200
    await sent(scene, News.CONSENT_REVOKED)
    assert (await scene.browser.get("/identities")).status_code == 303
    assert {*await owners(scene)} == {"owner", "ada"}  # who consents again is back
    await sent(scene, News.ACCOUNT_DELETED)
    await sent(scene, News.ACCOUNT_DELETED)
    assert {*await owners(scene)} == {"owner"}


async def test_the_end_of_the_only_account_is_told_to_the_operator(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await sign_in(scene, "ada")
    await sent(scene, News.ACCOUNT_DELETED)
    assert (await ada.browser.get("/connect")).headers["location"].startswith("/sign-in")
    assert "ada" in await owners(scene)
    assert "was deleted at its provider" in caplog.text


async def test_what_no_provider_signed_changes_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    browser = scene.site.browser()
    for body in ({"payload": "a.b.c"}, {"payload": ""}):
        answer = await browser.post("/auth/stand/notifications", json=body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "not_confirmed"
    assert (await browser.post("/auth/stand/notifications", json={})).status_code == 422
    missing = await browser.post("/auth/nobody/notifications", json={"payload": "x"})
    assert missing.status_code == 404
    assert causes(caplog) == [Cause.MALFORMED] * 2


async def test_the_cookie_of_an_answer_by_form_comes_with_foreign_posts(scene: Scene) -> None:
    start = await scene.browser.get("/auth/form")
    kept = start.headers["set-cookie"].lower()
    assert "samesite=none" in kept
    assert "secure" in kept
    assert "max-age=600" in kept
    assert "samesite=lax" in (await scene.browser.get("/auth/stand")).headers["set-cookie"].lower()
