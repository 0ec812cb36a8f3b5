"""What needs a fresh sign-in: refused when it is too long ago, and led through it and back."""

import inspect
import re

import httpx2
import pytest
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import PlainTextResponse, Response

from oo.domain.roles import Role
from oo.identity.local import create_login_link
from oo.identity.sudo import SUDO_LIFETIME
from oo.store import users
from oo.web.auth import fresh_person
from oo.web.page import page_routes
from oo.web.way_back import local_path
from tests.unit.web.conftest import Site, csrf_of

PAGE = {"accept": "text/html"}
SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def browser(site: Site) -> httpx2.AsyncClient:
    routes = page_routes()

    @routes.get("/vault-door")
    async def look(request: Request) -> Response:
        await fresh_person(request)
        return PlainTextResponse("open")

    @routes.post("/vault-door")
    async def act(request: Request) -> Response:
        await fresh_person(request, back="/vault-door")
        return PlainTextResponse("done")

    site.app.include_router(routes)
    return await site.signed_in()


async def test_a_fresh_sign_in_is_good_for_ten_minutes(
    site: Site, browser: httpx2.AsyncClient
) -> None:
    site.clock.advance(SUDO_LIFETIME.total_seconds())
    assert (await browser.get("/vault-door")).status_code == 200
    site.clock.advance(1)
    answer = await browser.get("/vault-door", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")
    assert (await browser.get("/connect")).status_code == 200  # all else goes on


async def test_a_clock_that_was_set_back_keeps_nobody_fresh(
    site: Site, browser: httpx2.AsyncClient
) -> None:
    site.clock.advance(-3600)
    answer = await browser.get("/vault-door", headers={"accept": "application/json"})
    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_person_is_led_through_sign_in_and_back(
    site: Site, browser: httpx2.AsyncClient, method: str
) -> None:
    site.clock.advance(601)
    asked = await browser.request(method, "/vault-door", headers={**PAGE, **SAME})
    assert asked.headers["location"] == "/sign-in/again?next=/vault-door"
    page = await browser.get(asked.headers["location"])
    assert "Sign in again to go on" in page.text
    assert 'href="/auth/google?fresh=1&amp;next=/vault-door"' in page.text
    link = await create_login_link(site.db, site.settings, site.clock)
    back = await browser.post(link, headers=SAME)
    assert back.headers["location"] == "/vault-door"
    assert (await browser.get("/vault-door")).text == "open"
    link = await create_login_link(site.db, site.settings, site.clock)
    assert (await browser.post(link, headers=SAME)).headers["location"] == "/"


async def test_a_stranger_signs_in_first(site: Site, browser: httpx2.AsyncClient) -> None:
    for path in ("/vault-door", "/sign-in/again?next=/vault-door"):
        answer = await site.browser().get(path, headers=PAGE)
        assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/", "/"),
        ("/connect", "/connect"),
        ("/data/export", "/data/export"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/connect?x=1", "/"),
        ("/connect\n", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_led_elsewhere(asked: str, led: str) -> None:
    assert local_path(asked) == led


def routes_with_sudo(site: Site) -> list[tuple[str, str]]:
    """Method and path of every route that asks for a fresh sign-in, as its source says."""
    named = {"provider": "google", "source": "file"}
    return [
        (method, re.sub(r"\{(\w+)\}", lambda it: named.get(it[1], "0" * 32), route.path))
        for route in site.app.routes
        if isinstance(route, APIRoute)
        and re.search(r"await fresh_person\(|: FreshAdmin\b", inspect.getsource(route.endpoint))
        for method in route.methods
    ]


async def test_an_expired_sudo_opens_nothing_that_needs_one(site: Site) -> None:
    """Not even for an admin, and not by the right token of the form."""
    browser = await site.signed_in(**SAME)
    async with site.db.write() as connection:
        (admin,) = await users.sequences(connection)
        await users.set_role(connection, admin, Role.ADMIN)
    site.clock.advance(SUDO_LIFETIME.total_seconds() + 1)
    given = {"csrf": csrf_of(browser), "sure": "1", "category": "tips"}
    found = routes_with_sudo(site)
    assert {("DELETE", "/api/me"), ("POST", "/data/export")} <= {*found}
    assert len(found) >= 12
    for method, path in found:
        form = {"data": given} if method == "POST" else {}
        answer = await browser.request(method, path, headers={"accept": "application/json"}, **form)
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again"), path
    assert (await browser.get("/connect")).status_code == 200  # nothing was changed
