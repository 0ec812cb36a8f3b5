"""The tip page in a real browser, over an API that the test controls."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from playwright.sync_api import Browser, Page, expect
from starlette.staticfiles import StaticFiles

from oo.kit.settings import Settings
from oo.web.app import STATIC
from oo.web.guard import GuardMiddleware
from oo.web.problems import problem
from oo.web.rendering import page as render
from tests.e2e.browser import CHROMIUM, PHONE, Watched, chromium, watch
from tests.peers.serving import served

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")

KINDS = ("task", "advice", "insight", "reminder")


@dataclass
class FakeApi:
    """`/recommend` and `/feedback`, as their contract says."""

    contents: list[str] = field(default_factory=lambda: [f"tip {n}" for n in range(9)])
    about: str | None = None
    reason: str | None = None
    status: int = 200
    lose_answers: int = 0
    person: str = "ada"
    before: list[Response] = field(default_factory=list)
    reactions: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_middleware(GuardMiddleware, settings=Settings())
        app.mount("/static", StaticFiles(directory=STATIC))
        app.get("/")(
            lambda: render("tip.html", person=self.person, timezone="UTC", offline_copy=False)
        )
        app.put("/api/me/timezone")(self._accept)
        app.post("/recommend")(self._recommend)
        app.post("/feedback")(self._feedback)
        app.middleware("http")(self._proxy)
        return app

    async def _proxy(self, request: Request, call_next: Any) -> Any:
        """What stands before oO and may answer in its place."""
        if request.url.path in ("/feedback", "/recommend") and self.before:
            return self.before.pop(0)
        return await call_next(request)

    async def _accept(self) -> Any:
        return {}

    def _refusal(self, request: Request) -> Response | None:
        if self.status != 200:
            code = "unauthorized" if self.status == 401 else "unavailable"
            return problem(self.status, code, "", "", {"Retry-After": "1"})
        if request.headers["x-person"] != self.person:
            return problem(403, "other_person", "", "")
        return None

    async def _recommend(self, request: Request) -> Any:
        if refused := self._refusal(request):
            return refused
        if self.reason:
            return {"tip": None, "reason": self.reason}
        number = len(self.reactions)
        tip = {
            "id": f"{number:032x}",
            "content": self.contents[number % len(self.contents)],
            "kind": KINDS[number % 4],
            "about": self.about if number == 0 else None,
        }
        return {"tip": tip, "reason": None}

    async def _feedback(self, request: Request) -> Any:
        key, body = request.headers["idempotency-key"], await request.json()
        if refused := self._refusal(request):
            return refused
        if key not in self.keys:
            self.reactions.append(body)
        self.keys.append(key)
        if self.lose_answers:
            self.lose_answers -= 1
            return problem(503, "unavailable", "", "")
        return {"tip_id": body["tip_id"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def watched(browser: Browser, api: FakeApi) -> Iterator[Watched]:
    with served(api.app()) as base:
        context = browser.new_context(viewport=PHONE, base_url=base)
        found = watch(context)
        yield found
        context.close()
        assert found.faults == []
        assert [url for url in found.requests if not url.startswith(base)] == []


def shows(page: Page, content: str) -> None:
    expect(page.locator("#content")).to_have_text(content)
    expect(page.locator("body")).to_have_attribute("data-state", "tip")


def swipe(page: Page, dx: int, dy: int) -> None:
    page.mouse.move(195, 400)
    page.mouse.down()
    page.mouse.move(195 + dx // 2, 400 + dy // 2)
    page.mouse.move(195 + dx, 400 + dy)
    page.mouse.up()


GESTURES: list[tuple[str, Callable[[Page], None]]] = [
    ("done", lambda page: page.get_by_role("button", name="done").click()),
    ("snooze", lambda page: page.get_by_role("button", name="snooze").click()),
    ("dismiss", lambda page: page.get_by_role("button", name="dismiss").click()),
    ("done", lambda page: page.keyboard.press("Enter")),
    ("done", lambda page: page.keyboard.press("d")),
    ("snooze", lambda page: page.keyboard.press("s")),
    ("snooze", lambda page: page.keyboard.press("ArrowRight")),
    ("dismiss", lambda page: page.keyboard.press("Escape")),
    ("dismiss", lambda page: page.keyboard.press("X")),
    ("dismiss", lambda page: swipe(page, -160, 10)),
    ("snooze", lambda page: swipe(page, 160, -10)),
    ("done", lambda page: swipe(page, 10, -160)),
]


def test_each_gesture_reacts_once_and_brings_the_next_tip(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    for number, (action, gesture) in enumerate(GESTURES):
        shows(page, f"tip {number % 9}")
        expect(page.locator("body")).to_have_attribute("data-kind", KINDS[number % 4])
        gesture(page)
        shows(page, f"tip {(number + 1) % 9}")
        assert [reaction["action"] for reaction in api.reactions][number:] == [action]
        assert api.reactions[-1]["tip_id"] == f"{number:032x}"
    assert len(set(api.keys)) == len(api.keys) == len(GESTURES)


def test_a_focused_button_reacts_to_enter_as_itself(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    for _ in range(4):  # gear, dismiss, done, snooze
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shows(page, "tip 1")
    assert [reaction["action"] for reaction in api.reactions] == ["snooze"]


def test_a_short_drag_changes_nothing(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    swipe(page, 40, 10)
    swipe(page, 0, 200)
    shows(page, "tip 0")
    assert api.reactions == []


def test_the_title_stands_below_a_tip_that_does_not_hold_it(watched: Watched, api: FakeApi) -> None:
    api.contents = [
        "Walk round it with all lights on and check wipers, horn and tread. You have until Friday.",
        "“van MOT” is due tomorrow. Ring and take a slot.",
    ]
    api.about = "van MOT <b>now</b>"
    page = watched.page
    page.goto("/")
    shows(page, api.contents[0])
    expect(page.locator("#aside")).to_have_text("van MOT <b>now</b>")
    below, words = page.locator("#aside").bounding_box(), page.locator("#words").bounding_box()
    assert below is not None
    assert words is not None
    assert below["y"] >= words["y"] + words["height"]
    page.get_by_role("button", name="done").click()
    shows(page, api.contents[1])
    expect(page.locator("#aside")).to_be_hidden()


def test_content_is_text_and_nothing_else(watched: Watched, api: FakeApi) -> None:
    hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script>&amp;'
    api.contents = [hostile]
    page = watched.page
    page.goto("/")
    shows(page, hostile)
    assert page.locator("#tip img, #tip script").count() == 0
    assert page.title() == "oO"


def test_only_visible_time_is_dwell(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    started = time.monotonic()  # of the load too: a busy machine may show the tip long before us
    page.goto("/")
    shows(page, "tip 0")
    turn = """state => {
        Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.wait_for_timeout(300)
    page.evaluate(turn, "hidden")
    hidden_at = time.monotonic()
    page.wait_for_timeout(4000)
    page.evaluate(turn, "visible")
    shown_at = time.monotonic()
    page.wait_for_timeout(300)
    page.keyboard.press("d")
    visible_ms = 1000 * (time.monotonic() - shown_at + hidden_at - started)
    shows(page, "tip 1")
    assert 600 <= api.reactions[0]["dwell_ms"] <= visible_ms + 400


def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    watched: Watched, api: FakeApi
) -> None:
    api.lose_answers = 1
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    page.keyboard.press("d")
    shows(page, "tip 1")
    assert len(api.keys) == 2
    assert len(set(api.keys)) == 1
    assert len(api.reactions) == 1


def test_a_reaction_given_offline_arrives_later(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    page.context.set_offline(True)
    page.keyboard.press("s")
    expect(page.locator("#content")).to_have_text("You are offline.")
    expect(page.locator("#gestures")).to_have_attribute("inert", "")
    page.context.set_offline(False)
    shows(page, "tip 1")
    assert [reaction["action"] for reaction in api.reactions] == ["snooze"]


def test_reactions_given_offline_in_two_tabs_both_arrive(watched: Watched, api: FakeApi) -> None:
    first, second = watched.page, watched.page.context.new_page()
    for page in (first, second):
        page.goto("/")
        shows(page, "tip 0")
    first.context.set_offline(True)
    for page, key in ((first, "s"), (second, "d")):
        page.bring_to_front()
        page.keyboard.press(key)
        expect(page.locator("#content")).to_have_text("You are offline.")
    first.context.set_offline(False)
    for page in (first, second):
        shows(page, "tip 2")
    assert sorted(reaction["action"] for reaction in api.reactions) == ["done", "snooze"]
    assert first.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(
    ("reason", "text"),
    [("nothing_connected", "Nothing to look at yet."), ("all_clear", "All clear.")],
)
def test_without_a_tip_there_are_no_gestures(
    watched: Watched, api: FakeApi, reason: str, text: str
) -> None:
    api.reason = reason
    page = watched.page
    page.goto("/")
    expect(page.locator("#content")).to_have_text(text)
    expect(page.locator("#gestures")).to_have_attribute("inert", "")
    page.keyboard.press("d")
    swipe(page, -200, 0)
    assert api.reactions == []


def test_an_outage_is_calm_and_ends_by_itself(watched: Watched, api: FakeApi) -> None:
    api.status = 503
    page = watched.page
    page.goto("/")
    expect(page.locator("#content")).to_have_text("One moment.")
    api.status = 200
    shows(page, "tip 0")


def test_an_ended_session_leads_to_sign_in(watched: Watched, api: FakeApi) -> None:
    api.status = 401
    watched.page.goto("/")
    watched.page.wait_for_url("**/sign-in")


def not_there() -> Response:
    """What Serve's proxy answers while it knows no routes."""
    text = "Path '/feedback' not found. Ping http://.../-/routes for available routes."
    return PlainTextResponse(text, 404)


FOREIGN: dict[str, Callable[[], Response]] = {
    "a proxy without routes": not_there,
    "a proxy without servers": lambda: PlainTextResponse("Internal Server Error", 500),
    "a proxy's own page": lambda: HTMLResponse("<h1>400 Bad request</h1>", 400),
    "a network that wants a sign-in": lambda: HTMLResponse("<form></form>"),
    "another product": lambda: JSONResponse({"ok": True}),
    "an error without a code": lambda: JSONResponse({"detail": "Not Found"}, 404),
}


@pytest.mark.parametrize("foreign", FOREIGN)
def test_only_what_oo_itself_says_is_final(watched: Watched, api: FakeApi, foreign: str) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    api.before = [FOREIGN[foreign]()]
    page.keyboard.press("d")
    shows(page, "tip 1")
    assert [reaction["action"] for reaction in api.reactions] == ["done"]
    assert len(api.keys) == 1
    assert page.evaluate("localStorage.length") == 0


def test_a_reaction_survives_a_start_of_oo(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    api.before = [not_there() for _ in range(2)]
    page.keyboard.press("d")
    expect(page.locator("#content")).to_have_text("One moment.")
    page.reload()
    shows(page, "tip 1")
    assert [reaction["tip_id"] for reaction in api.reactions] == [f"{0:032x}"]
    assert len(set(api.keys)) == 1


def test_what_oo_refuses_for_good_is_forgotten(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    api.before = [problem(409, "conflict", "", "")]
    with page.expect_response("**/feedback"):
        page.keyboard.press("d")
    shows(page, "tip 0")
    assert page.evaluate("localStorage.length") == 0
    assert api.keys == []


STORAGES = {
    "turned off": """Object.defineProperty(window, "localStorage", {
        get() { throw new DOMException("denied", "SecurityError"); } });""",
    "full": """Storage.prototype.setItem = () => {
        throw new DOMException("full", "QuotaExceededError"); };""",
    "missing": """Object.defineProperty(window, "localStorage", { value: null });""",
    "strange": """localStorage.setItem("oo.pending.ada.x", "{");
        localStorage.setItem("oo.pending.ada.y", "null");""",
}


@pytest.mark.parametrize("storage", STORAGES)
def test_the_page_lives_whatever_the_storage_does(
    watched: Watched, api: FakeApi, storage: str
) -> None:
    page = watched.page
    page.add_init_script(STORAGES[storage])
    page.goto("/")
    shows(page, "tip 0")
    api.before = [not_there()]
    page.keyboard.press("d")
    shows(page, "tip 1")
    page.keyboard.press("s")
    shows(page, "tip 2")
    assert [reaction["action"] for reaction in api.reactions] == ["done", "snooze"]


def test_what_is_kept_belongs_to_one_person(watched: Watched, api: FakeApi) -> None:
    page = watched.page
    page.goto("/")
    shows(page, "tip 0")
    api.status = 503
    page.keyboard.press("d")
    expect(page.locator("#content")).to_have_text("One moment.")
    api.person, api.status = "eve", 200
    # the page is ada's still, and her reaction must not become eve's
    expect(page.locator("body")).to_have_attribute("data-person", "eve")
    shows(page, "tip 0")
    assert api.reactions == []
    page.keyboard.press("s")
    shows(page, "tip 1")
    assert [reaction["action"] for reaction in api.reactions] == ["snooze"]
    api.person = "ada"
    page.goto("/")
    shows(page, "tip 2")
    assert [reaction["action"] for reaction in api.reactions] == ["snooze", "done"]
    assert page.evaluate("localStorage.length") == 0
