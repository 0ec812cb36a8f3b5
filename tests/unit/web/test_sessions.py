"""Sessions: never one that somebody else chose, ended elsewhere, and over when unused."""

import httpx2
import pytest

from oo.identity.local import create_login_link
from tests.unit.web.conftest import Site, csrf_of

SAME = {"sec-fetch-site": "same-origin"}
PROGRAM = {"accept": "application/json"}
DAY = 24 * 3600


async def is_in(site: Site, cookie: str) -> bool:
    """Whether the session cookie lets somebody in."""
    browser = site.browser(**PROGRAM)
    browser.cookies.set("sid", cookie)
    return (await browser.get("/connect")).status_code == 200


async def enter(site: Site, browser: httpx2.AsyncClient) -> str:
    """Sign in by a link; returns the cookie's value."""
    link = await create_login_link(site.db, site.settings, site.clock)
    answer = await browser.post(link, headers=SAME)
    return answer.cookies["sid"]


async def test_a_cookie_of_before_the_sign_in_is_never_a_session(site: Site) -> None:
    browser = site.browser()
    fixed = "chosen-by-somebody-else"
    browser.cookies.set("sid", fixed)
    given = await enter(site, browser)
    assert given != fixed
    assert await is_in(site, given)
    assert not await is_in(site, fixed)


async def test_each_sign_in_rotates_the_cookie_and_ends_the_one_before(site: Site) -> None:
    browser = site.browser()
    first = await enter(site, browser)
    elsewhere = await enter(site, site.browser())
    browser.cookies.clear()
    browser.cookies.set("sid", first)
    second = await enter(site, browser)
    assert second != first
    assert not await is_in(site, first)
    assert await is_in(site, second)
    assert await is_in(site, elsewhere)


async def test_all_others_end_at_once(site: Site) -> None:
    browser = await site.signed_in()
    others = [await enter(site, site.browser()) for _ in range(2)]
    page = (await browser.get("/connect")).text
    assert "End all others" in page
    answer = await browser.post(
        "/sessions/end-others", data={"csrf": csrf_of(browser)}, headers=SAME
    )
    assert answer.headers["location"] == "/connect?notice=ended-others"
    assert [await is_in(site, cookie) for cookie in others] == [False, False]
    page = (await browser.get("/connect?notice=ended-others")).text
    assert "All other sessions were ended." in page
    assert "End all others" not in page


@pytest.mark.parametrize(("days_between", "is_over"), [(13, False), (14, True)])
async def test_a_session_that_is_not_used_is_over(
    site: Site, days_between: int, is_over: bool
) -> None:
    cookie = await enter(site, site.browser())
    for _ in range(2):
        site.clock.advance(days_between * DAY)
        assert await is_in(site, cookie) is not is_over


async def test_however_much_it_is_used_a_session_ends(site: Site) -> None:
    cookie = await enter(site, site.browser())
    for _ in range(29):
        site.clock.advance(DAY)
        assert await is_in(site, cookie)
    site.clock.advance(DAY)
    assert not await is_in(site, cookie)


async def test_the_list_tells_the_last_use_and_leaves_out_what_is_over(site: Site) -> None:
    browser = await site.signed_in()
    phone = await enter(site, site.browser())
    site.clock.advance(3 * DAY)
    assert await is_in(site, phone)
    site.clock.advance(8 * DAY)
    page = (await browser.get("/connect")).text
    assert "since 21 November, 09:00 · last used 24 November, 09:00" in page
    site.clock.advance(7 * DAY)
    assert "last used" not in (await browser.get("/connect")).text
