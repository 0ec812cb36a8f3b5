"""Forged requests are refused, oO's own and scripts' pass, and every answer is armoured."""

import httpx2
import pytest
from fastapi import Request

from tests.unit.web.conftest import Site, csrf_of

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
HERE = "http://localhost:8000"


@pytest.fixture
async def browser(site: Site) -> httpx2.AsyncClient:
    @site.app.post("/thing")
    async def thing(request: Request) -> str:
        return "done"

    return await site.signed_in()


@pytest.mark.parametrize(
    "headers",
    [
        {**JSON},  # a script with the cookie alone
        {},  # such as `curl -X POST`
        {**JSON, "origin": HERE},
        {**JSON, "sec-fetch-site": "same-origin", "origin": HERE},
        {**FORM, "sec-fetch-site": "same-origin"},
        {**FORM, "origin": HERE},
    ],
)
async def test_own_requests_pass(browser: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await browser.post("/thing", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {**JSON, "origin": "https://evil.example"},
        {**JSON, "origin": "null"},
        {**JSON, "origin": ""},
        {**JSON, "sec-fetch-site": "cross-site"},
        {**JSON, "sec-fetch-site": "same-site", "origin": HERE},
        {**JSON, "sec-fetch-site": "none"},
        {**FORM},
        {**FORM, "origin": "http://127.0.0.1:8001"},
        {**FORM, "x-csrf-token": "wrong"},
        {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary=x"},
    ],
)
async def test_forged_requests_are_refused(
    browser: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await browser.post("/thing", headers=headers, content=b"x")
    assert answer.status_code == 403
    assert answer.json()["code"] == "forged"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_script_may_send_forms_with_the_token(browser: httpx2.AsyncClient) -> None:
    headers = {**FORM, "x-csrf-token": csrf_of(browser)}
    assert (await browser.post("/thing", headers=headers)).status_code == 200


async def test_a_cookie_header_that_cannot_be_read_counts_as_a_session(
    site: Site, browser: httpx2.AsyncClient
) -> None:
    headers = {"origin": "https://evil.example", "cookie": 'x="; sid=1'}
    assert (await site.browser().post("/thing", headers=headers)).status_code == 403


async def test_without_a_session_nothing_is_forged(site: Site, browser: httpx2.AsyncClient) -> None:
    answer = await site.browser().post("/thing", headers={"origin": "https://hooks.example"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/static/tip.js", "/nothing", "/auth/nothing"])
async def test_every_answer_has_the_headers(site: Site, path: str) -> None:
    answer = await site.browser().get(path)
    csp = answer.headers["content-security-policy"]
    assert csp.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in csp
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"]
