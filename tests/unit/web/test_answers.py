"""Every answer is armoured; an error is a calm page for people and a problem for programs."""

import contextlib
import sqlite3

import httpx2
import pytest
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect

from oo.web import problems
from oo.web.border import BorderMiddleware
from oo.web.problems import MEDIA_TYPE, Problem
from tests.unit.web.conftest import Site, csrf_of

SAME = {"sec-fetch-site": "same-origin"}
NAVIGATES = {"sec-fetch-mode": "navigate", "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OLD_BROWSER = {"accept": "text/html,*/*;q=0.8"}
PROGRAM = {"accept": "application/json"}


def armoured(answer: httpx2.Response) -> httpx2.Response:
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"]
    return answer


def is_page(answer: httpx2.Response) -> bool:
    armoured(answer)
    assert "{" not in answer.text or "<!doctype html>" in answer.text
    return answer.headers["content-type"].startswith("text/html") and "<h1" in answer.text


def is_problem(answer: httpx2.Response) -> bool:
    armoured(answer)
    if answer.headers["content-type"] != MEDIA_TYPE:
        return False
    return Problem.model_validate(answer.json()).status == answer.status_code


@pytest.fixture
async def browser(site: Site) -> httpx2.AsyncClient:
    @site.app.get("/broken")
    @site.app.post("/broken")
    async def broken(request: Request) -> str:
        raise KeyError("inside")

    return await site.signed_in()


WRONG = [
    ("GET", "/nothing", 404),
    ("GET", "/static/nothing.js", 404),
    ("GET", "/static", 404),
    ("GET", "/connect/", 404),
    ("GET", "/recommend", 405),
    ("DELETE", "/", 405),
    ("POST", "/sign-in", 405),
    ("GET", "/broken", 500),
    ("POST", "/broken", 500),
    ("GET", "/api/tips/x/why", 422),
    ("POST", "/feedback", 400),
]


@pytest.mark.parametrize("person", [NAVIGATES, OLD_BROWSER], ids=["browser", "old browser"])
@pytest.mark.parametrize(("method", "path", "status"), WRONG)
async def test_a_person_gets_a_page(
    browser: httpx2.AsyncClient, person: dict[str, str], method: str, path: str, status: int
) -> None:
    answer = await browser.request(method, path, headers={**SAME, **person})
    assert answer.status_code == status
    assert is_page(answer)
    assert "inside" not in answer.text


@pytest.mark.parametrize(
    "program",
    [{}, PROGRAM, {**PROGRAM, "sec-fetch-mode": "cors"}, {"sec-fetch-mode": "cors"}],
    ids=["any", "json", "script", "fetch"],
)
@pytest.mark.parametrize(("method", "path", "status"), WRONG)
async def test_a_program_gets_a_problem(
    browser: httpx2.AsyncClient, program: dict[str, str], method: str, path: str, status: int
) -> None:
    answer = await browser.request(method, path, headers={**SAME, **program})
    assert answer.status_code == status
    assert is_problem(answer)
    assert "inside" not in answer.text


async def test_a_stranger_with_a_browser_is_led_to_sign_in(site: Site) -> None:
    answer = await site.browser().get("/api/tips/" + "0" * 32 + "/why", headers=NAVIGATES)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_a_forged_form_ends_in_a_page(browser: httpx2.AsyncClient) -> None:
    headers = {**NAVIGATES, "sec-fetch-site": "cross-site"}
    answer = await browser.post("/auth/sign-out", headers=headers)
    assert answer.status_code == 403
    assert is_page(answer)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/recommend", "POST"),
        ("/", "GET, HEAD"),
        ("/static/tip.js", "GET"),
        ("/auth/link/x", "GET, HEAD, POST"),
    ],
)
async def test_what_is_not_allowed_names_what_is(
    browser: httpx2.AsyncClient, path: str, allowed: str
) -> None:
    answer = await browser.request("PUT", path, headers=SAME)
    assert answer.status_code == 405
    assert set(allowed.split(", ")) <= set(answer.headers["allow"].split(", "))
    assert (await browser.request("OPTIONS", path)).headers["allow"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/health/live", "/static/tip.js", "/nothing"])
async def test_head_is_get_without_the_body(site: Site, path: str) -> None:
    got, head = await site.browser().get(path), await site.browser().head(path)
    assert head.status_code == got.status_code
    assert head.headers == got.headers
    assert head.content == b""


async def test_no_redirect_is_made_of_the_host_header(browser: httpx2.AsyncClient) -> None:
    for path in ("/connect/", "/static", "/sign-in/", "/health/live/", "/", "/recommend/"):
        answer = await browser.get(path, headers={"host": "evil.example"})
        assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "\xff", "http://a]b"])
async def test_an_origin_that_is_none_is_foreign(browser: httpx2.AsyncClient, origin: str) -> None:
    answer = await browser.post("/recommend", headers={"origin": origin.encode("latin-1")})
    assert answer.status_code == 403
    assert is_problem(answer)


FORMS = [
    "multipart/form-data; boundary=b; charset=utf-99",
    "multipart/form-data; boundary=b; charset=idna",
    "multipart/form-data; boundary=b; charset=hex",
    "multipart/form-data; boundary=b; charset=utf-16",
    "multipart/form-data; boundary=b; charset=unicode_escape",
    'multipart/form-data; boundary=b; charset="\\0"',
    "multipart/form-data; boundary=b; charset=a\0",
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=" + "b" * 2000,
    "multipart/form-data; boundary=",
    "multipart/form-data",
    "application/x-www-form-urlencoded; charset=utf-99",
]
PART = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\xff\\x..\r\n--b--\r\n'


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("path", ["/connect/file/import", "/auth/sign-out", "/data/consents"])
async def test_a_form_that_cannot_be_read_ends_in_a_page(
    browser: httpx2.AsyncClient, path: str, kind: str
) -> None:
    headers = {**SAME, **NAVIGATES, "content-type": kind.encode("latin-1")}
    answer = await browser.post(path, content=PART, headers=headers)
    assert answer.status_code in (400, 403)
    assert is_page(answer)


async def test_an_answer_of_a_provider_that_cannot_be_read_ends_in_a_page(site: Site) -> None:
    for kind in FORMS:
        headers = {**NAVIGATES, "content-type": kind.encode("latin-1")}
        answer = await site.browser().post("/auth/google/callback", content=PART, headers=headers)
        assert answer.status_code == 400
        assert is_page(answer)


async def test_a_fault_in_the_middle_is_armoured_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await site.signed_in()

    async def fail(*_: object) -> None:
        raise KeyError("inside")

    monkeypatch.setattr(site.app.state.services.accounts, "of", fail)
    answer = await browser.post("/recommend", headers=SAME)
    assert answer.status_code == 500
    assert is_problem(answer)
    page = await browser.post("/data/consents", data={"csrf": csrf_of(browser)}, headers=SAME)
    assert page.status_code == 500
    assert is_page(page)


async def test_a_store_that_is_full_is_not_now_and_no_fault_of_ours() -> None:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(BorderMiddleware)

    @app.get("/full")
    async def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test"
    ) as http:
        answer = await http.get("/full")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["code"] == "unavailable"


async def test_a_client_that_goes_away_is_no_unexpected_error(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise OSError("the client is gone")

    for path in ("/feedback", "/recommend", "/api/sources/file/import", "/connect/file/import"):
        headers = [(b"content-type", b"application/json"), (b"content-length", b"10")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "scheme": "http",
            "server": ("test", 80),
            "client": ("127.0.0.1", 1),
            "root_path": "",
            "http_version": "1.1",
        }
        with contextlib.suppress(OSError, ClientDisconnect):
            await site.app(scope, receive, send)  # type: ignore[arg-type]
    assert [it for it in caplog.records if it.levelname in {"ERROR", "CRITICAL"}] == []
