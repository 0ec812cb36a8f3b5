"""The pages: signing in and out, connecting, handing in lists."""

import re
from pathlib import Path

import httpx2
import pytest

from oo.identity.local import create_login_link
from oo.kit.settings import Settings
from oo.web import rendering
from oo.web.app import STATIC
from oo.web.user_agent import describe_agent
from tests.unit.web.conftest import Site, csrf_of

SAME = {"sec-fetch-site": "same-origin"}


async def post(browser: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await browser.post(path, data={"csrf": csrf_of(browser), **fields}, headers=SAME)


async def test_a_stranger_is_shown_the_way_in(site: Site) -> None:
    browser = site.browser()
    for path, target in (("/", "/sign-in"), ("/connect", "/sign-in?next=/connect")):
        assert (await browser.get(path)).headers["location"] == target
    page = (await browser.get("/sign-in?next=/connect")).text
    assert "Continue with Google" in page
    assert 'href="/auth/google?next=/connect"' in page
    assert "oo login" in page
    answer = await browser.put("/api/me/timezone", json={"timezone": "UTC"})
    assert answer.status_code == 401


async def test_a_link_signs_in_once_with_a_guarded_cookie(site: Site) -> None:
    link = await create_login_link(site.db, site.settings, site.clock)
    first = await site.browser().post(link, headers=SAME)
    cookie = first.headers["set-cookie"].lower()
    assert cookie.startswith("sid=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    for again in (await site.browser().get(link), await site.browser().post(link, headers=SAME)):
        assert again.status_code == 410
        assert "set-cookie" not in again.headers
        assert "Back to sign-in" in again.text


async def test_looking_at_a_link_uses_nothing_up(site: Site) -> None:
    link = await create_login_link(site.db, site.settings, site.clock)
    for preview in ("GET", "HEAD", "GET"):
        answer = await site.browser().request(preview, link)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    page = (await site.browser().get(link)).text
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page)
    assert link.endswith(action)
    assert (await site.browser().post(action, headers=SAME)).headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
async def test_another_site_signs_nobody_in(site: Site, headers: dict[str, str]) -> None:
    link = await create_login_link(site.db, site.settings, site.clock)
    answer = await site.browser().post(link, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_over_https_the_cookie_is_bound_to_the_host(site: Site) -> None:
    settings = Settings(public_url="https://oo.example", data_dir=site.settings.data_dir)
    site.app.state.services.settings = settings
    link = await create_login_link(site.db, settings, site.clock)
    answer = await site.browser().post(link.removeprefix("https://oo.example"), headers=SAME)
    assert answer.headers["set-cookie"].startswith("__Host-sid=")
    assert "Secure" in answer.headers["set-cookie"]


async def test_the_tip_page_is_black_and_brings_no_tip_text(site: Site) -> None:
    browser = await site.signed_in()
    page = await browser.get("/")
    assert page.status_code == 200
    assert 'data-timezone="UTC"' in page.text
    assert [*re.findall(r'data-action="(\w+)"', page.text)] == ["dismiss", "done", "snooze"]
    assert (await browser.get("/sign-in")).headers["location"] == "/"


async def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere() -> None:
    templates = rendering._templates.list_templates()
    for name in templates:
        source = rendering._templates.loader.get_source(rendering._templates, name)[0]
        assert "<style" not in source
        assert not re.search(r"\sstyle=|\son\w+=|javascript:|https?://", source), name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source)), name
        assert "|safe" not in source
    for file in (it for it in STATIC.rglob("*") if it.suffix in (".js", ".css", ".svg")):
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|innerHTML|insertAdjacentHTML|eval\(", text), file.name


async def test_one_tap_connects_and_one_disconnects(site: Site) -> None:
    site.peer.add_task("write")
    browser = await site.signed_in()
    start = await browser.get("/connect/todoist/start", headers=SAME)
    consent = await site.provider.get(start.headers["location"])
    back = httpx2.URL(consent.headers["location"]).raw_path.decode()
    assert back.startswith("/connect/todoist/callback?")
    answer = await browser.get(back, headers={"sec-fetch-site": "cross-site"})
    assert answer.headers["location"] == "/connect?notice=connected"
    page = (await browser.get("/connect?notice=connected")).text
    assert "Connected." in page
    assert "1 open task<" in page
    assert "ada@example.org" in page
    # the same answer again: the code is used up
    assert (await browser.get(back)).headers["location"] == "/connect?notice=again"
    answer = await post(browser, "/connect/todoist/disconnect")
    assert answer.headers["location"] == "/connect?notice=disconnected"
    assert "1 open task<" not in (await browser.get("/connect")).text


async def test_declining_and_foreign_starts_connect_nothing(site: Site) -> None:
    browser = await site.signed_in()
    answer = await browser.get("/connect/todoist/callback?error=access_denied&state=x")
    assert answer.headers["location"] == "/connect?notice=declined"
    answer = await browser.get("/connect/todoist/start", headers={"sec-fetch-site": "cross-site"})
    assert answer.headers["location"] == "/connect"
    assert (await browser.get("/connect/nothing/start")).status_code == 404


async def test_an_outage_does_not_keep_the_connection(site: Site) -> None:
    browser = await site.signed_in()
    start = await browser.get("/connect/todoist/start")
    consent = await site.provider.get(start.headers["location"])
    await browser.get(httpx2.URL(consent.headers["location"]).raw_path.decode())
    site.peer.fail_next.append(503)
    answer = await post(browser, "/connect/todoist/disconnect")
    assert answer.headers["location"] == "/connect?notice=disconnected"
    assert "Disconnect<" not in (await browser.get("/connect")).text


async def test_a_pasted_list_and_a_file_are_taken_and_errors_named(site: Site) -> None:
    browser = await site.signed_in()
    long = "x" * 600
    answer = await post(browser, "/connect/file/import", list=f"- write\n{long}\n- [x] gone")
    assert answer.status_code == 200
    assert "1 taken" in answer.text
    assert "Line 2: the task is longer than 500 characters" in answer.text
    answer = await browser.post(
        "/connect/file/import",
        data={"csrf": csrf_of(browser)},
        files={"file": ("Work.csv", b"TYPE,CONTENT,PRIORITY\ntask,<b>bold</b>,1\n", "text/csv")},
        headers=SAME,
    )
    assert "1 taken" in answer.text
    assert "2 open tasks" in answer.text


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"a\0b", 400), (b"a\n" * 10_000, 413), (b"x" * (3 * 1024 * 1024), 413)],
)
async def test_hostile_uploads_are_refused_on_the_page(
    site: Site, content: bytes, status: int
) -> None:
    browser = await site.signed_in()
    answer = await browser.post(
        "/connect/file/import",
        data={"csrf": csrf_of(browser)},
        files={"file": ("<script>.txt", content)},
        headers=SAME,
    )
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "<script>." not in answer.text


async def test_forms_need_the_token_of_their_own_session(site: Site) -> None:
    browser, other = await site.signed_in(), await site.signed_in()
    for path in ("/connect/file/import", "/connect/file/disconnect", "/auth/sign-out"):
        for token in ("", "forged", csrf_of(other)):
            answer = await browser.post(path, data={"csrf": token, "list": "x"}, headers=SAME)
            assert answer.status_code == 403
    assert (await browser.get("/connect")).status_code == 200


async def test_a_session_that_ended_leads_to_sign_in_from_any_form(site: Site) -> None:
    browser = await site.signed_in()
    site.clock.advance(31 * 24 * 3600)
    for path, target in (
        ("/connect/file/import", "/sign-in?next=/connect"),
        ("/connect/file/disconnect", "/sign-in?next=/connect"),
        ("/sessions/0/end", "/sign-in?next=/connect"),
        ("/auth/sign-out", "/sign-in"),
    ):
        answer = await post(browser, path)
        assert answer.status_code == 303
        assert answer.headers["location"] == target


async def test_errors_of_pages_are_pages(site: Site) -> None:
    browser = await site.signed_in()
    for path, status in (
        ("/connect/nothing/start", 404),
        ("/connect/file/start", 409),
        ("/auth/nothing", 404),
    ):
        answer = await browser.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert "Back" in answer.text


async def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = await site.signed_in()
    cookie = browser.cookies["sid"]
    answer = await post(browser, "/auth/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert "sid" not in browser.cookies
    stolen = site.browser(cookie=f"sid={cookie}")
    assert (await stolen.get("/")).headers["location"] == "/sign-in"


async def test_a_person_ends_another_session_of_theirs(site: Site) -> None:
    phone = await site.signed_in(**{"user-agent": "Mozilla (iPhone) Safari/1"})
    laptop = await site.signed_in(**{"user-agent": "Mozilla (Windows) Firefox/1"})
    page = (await laptop.get("/connect")).text
    assert "Safari on iPhone" in page
    (session_id,) = re.findall(r"/sessions/(\w+)/end", page)
    await post(laptop, f"/sessions/{session_id}/end")
    assert (await phone.get("/")).headers["location"] == "/sign-in"
    assert (await laptop.get("/")).status_code == 200


async def test_the_time_zone_follows_the_browser(site: Site) -> None:
    browser = await site.signed_in()
    answer = await browser.put("/api/me/timezone", json={"timezone": "Europe/Zurich"})
    assert answer.status_code == 204
    assert 'data-timezone="Europe/Zurich"' in (await browser.get("/")).text
    for body, status in (
        ({"timezone": "../etc"}, 400),
        ({"timezone": "localtime"}, 400),
        ({"timezone": "Factory"}, 400),
        ({"timezone": 1}, 422),
        ([], 422),
    ):
        assert (await browser.put("/api/me/timezone", json=body)).status_code == status


async def test_a_provider_that_is_away_leaves_a_way_back(site: Site) -> None:
    answer = await site.browser().get("/auth/google")
    assert answer.status_code == 502
    assert "Google does not answer" in answer.text
    assert "Back to sign-in" in answer.text
    answer = await site.browser().get("/auth/google/callback?error=access_denied&state=<script>")
    assert answer.status_code == 400
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605", "Safari on Mac"),
        ("curl/8.5", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_named(agent: str, words: str) -> None:
    assert describe_agent(agent) == words


async def test_an_answer_by_form_is_read_and_bound_to_its_attempt(site: Site) -> None:
    form = {"state": "x", "code": "y", "user": "not json"}
    answer = await site.browser().post("/auth/google/callback", data=form)
    assert answer.status_code == 400
    assert "Start again" in answer.text


@pytest.mark.parametrize("sheet", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_holds_whole_rules(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    assert text.count("{") == text.count("}")
    assert text.rstrip().endswith("}"), "selectors without a rule"
    assert not re.search(r",\s*[{}]|}\s*,", text)


@pytest.mark.parametrize("found", ["http://127.0.0.1:9/", "https://other.example", None])
async def test_an_issuer_that_is_called_otherwise_is_no_outage(
    site: Site, caplog: pytest.LogCaptureFixture, found: str | None
) -> None:
    client = site.app.state.services.identity.openid._peers["google"].client
    client.server_metadata.update({"issuer": found, "_loaded_at": 0})
    answer = await site.browser().get("/auth/google")
    assert answer.status_code == 502
    assert "OO_OIDC__GOOGLE__ISSUER says http://127.0.0.1:9." in answer.text
    assert f"Google calls itself {found}, " in answer.text
    assert f"expected issuer 'http://127.0.0.1:9', found '{found}'" in caplog.text
