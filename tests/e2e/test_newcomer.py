"""A newcomer before a demonstration's console: every page is clean, every question has an answer
that clicks alone lead to.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from oo.admin.rendering import VENDOR
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, DESKTOP, PHONE, Watched, chromium, watch
from tests.e2e.test_data_page import beside, pictured
from tests.peers.demo import CONSOLE_OWNER, OTHERS, Demonstration, demonstrate, lookers
from tests.peers.serving import served
from tests.unit.web.served import Served

pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM.exists() and axe.INSTALLED and VENDOR.is_dir()),
        reason="needs chromium, npm ci, the console's scripts",
    ),
    pytest.mark.timeout(300),
]
PAGES = (
    "overview", "changes", "live", "people", "decisions", "tips?by=activity",
    "deliveries?by=moment", "rewards", "policies", "models", "features", "quality", "simulations",
    "health", "sql", "audit", "docs?runbook=rewards-drop",
)  # fmt: skip
OTHER = {"light": "dark", "dark": "light"}


class Product:
    """The demonstration's pages on a port, a browser, and cookies of who looks."""

    def __init__(self, address: str, browser: Browser, found: Demonstration) -> None:
        self.address = address
        self.found = found
        self._browser = browser

    @contextmanager
    def looking(
        self, viewport: ViewportSize, scheme: str = "light", cookie: str = ""
    ) -> Iterator[Watched]:
        """A page of an admin who has come to the overview; whatever goes wrong on it fails."""
        context: BrowserContext = self._browser.new_context(
            viewport=viewport,
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        cookie = cookie or self.found.admin
        context.add_cookies([{"name": "sid", "value": cookie, "url": self.address}])
        watched = watch(context, is_strict=True)
        watched.page.goto(f"{self.address}/admin/overview")
        yield watched
        assert watched.faults == []
        context.close()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("demo")
    beside(lambda: demonstrate(folder, people=24, days=10))
    found = beside(lambda: lookers(folder))
    pages = Served(folder, others=OTHERS, pages_per_minute=10_000)
    with served(pages) as address, chromium() as browser:
        yield Product(address, browser, found)


def go(page: Page, title: str) -> None:
    """Click a page in the navigation, which a narrow screen keeps behind a button."""
    if page.locator("details.menu > summary").is_visible():
        page.locator("details.menu > summary").click()
        menu = page.locator("details.menu nav")
    else:
        menu = page.locator("aside.side nav")
    menu.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def first_row(page: Page, table: str) -> Locator:
    return page.locator(f"#{table} tbody tr").first


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"]
)
def test_every_page_is_clean_in_light_and_dark(
    product: Product, viewport: ViewportSize, scheme: str
) -> None:
    """All rules in one scheme; in the other, those of colours, which are all that differs."""
    with product.looking(viewport, scheme) as watched:
        page = watched.page
        person = _first_person(page, product)
        for path in (*PAGES, f"decisions/{product.found.tip}", f"people/{person}"):
            page.goto(f"{product.address}/admin/{path}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= viewport["width"], path
            axe.shorten(page)
            assert axe.violations(page) == [], (path, scheme)
            page.emulate_media(color_scheme=OTHER[scheme])  # type: ignore[arg-type]
            assert axe.violations(page, only=("color-contrast",)) == [], (path, OTHER[scheme])
            pictured(page, f"{path.partition('?')[0].replace('/', '-')[:18]}-{viewport['width']}")
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]


def _first_person(page: Page, product: Product) -> str:
    told = page.request.get(f"{product.address}/api/admin/decisions?columns=email,id").json()
    tip = told["tables"][0]["rows"][0]["id"]
    page.goto(f"{product.address}/admin/decisions/{tip}")
    to = page.locator("nav.beside a[href*='/people/']").get_attribute("href")
    return (to or "").rpartition("/")[2]


def test_why_did_this_person_see_that_tip(product: Product) -> None:
    with product.looking(DESKTOP) as watched:
        page = watched.page
        page.get_by_role("button", name="Find a page or person").click()
        name = product.found.person.partition("@")[0]  # what a person asks by
        page.keyboard.type(name)
        page.locator("#hits").get_by_role("link", name=re.compile(re.escape(name))).first.click()
        first_row(page, "tips").locator("a").first.click()
        expect(page.get_by_text("expected a reward of")).to_be_visible()
        expect(page.locator(".sum")).to_contain_text("was drawn with a probability of")
        page.get_by_role("link", name="Draw it again").click()
        expect(page.locator(".replay")).to_contain_text("The same, bit for bit")


def test_which_prompt_earns_more_and_how_sure_are_we(product: Product) -> None:
    with product.looking(PHONE) as watched:
        page = watched.page
        go(page, "Rewards")
        table = page.locator("#slices")
        for prompt in ("demo-plain-v1", "demo-reason-v1"):
            row = table.locator("tr", has_text=prompt)
            expect(row.locator(".estimate small")).to_contain_text(" to ")
        said = page.locator(".notices")
        expect(said).to_contain_text(re.compile("difference that holds"))
        expect(said).to_contain_text(re.compile(r"earns [\d.]+ more than demo-\w+-v1"))
        expect(said).to_contain_text(re.compile(r"\([+-][\d.]+ to [+-][\d.]+\)"))


def test_what_changed_on_the_day_of_the_promotion(product: Product) -> None:
    with product.looking(DESKTOP) as watched:
        page = watched.page
        go(page, "What changed")
        days = page.get_by_role("navigation", name="Day")
        marked = days.get_by_role("link", name=re.compile("changed")).filter(has_not_text="Today")
        expect(marked).to_have_count(3)  # shadows, a refusal, a promotion
        marked.first.click()
        expect(page.locator(".notices")).to_contain_text("lints@1 decides")
        expect(page.locator(".notices")).to_contain_text("agreed to try it for a week")
        row = page.locator("#decided tbody tr").first
        expect(row).to_contain_text("policy.in_force")
        expect(row).to_contain_text("operator:demo")
        expect(page.locator("#by-policy")).to_contain_text("In 7 days")
        expect(page.locator("#numbers")).to_contain_text("Mean reward")


def test_who_promoted_that_policy_and_the_promotion_is_undone(product: Product) -> None:
    with product.looking(DESKTOP) as watched:
        page = watched.page
        page.locator("#reactions tbody a").first.click()  # to decisions, and to their policy
        go(page, "Policies")
        expect(first_row(page, "standings")).to_contain_text("lints@1")
        expect(first_row(page, "standings")).to_contain_text("operator:demo")
        expect(first_row(page, "standings")).to_contain_text("agreed to try it for a week")
        page.get_by_text("Undo the last promotion").first.click()
        page.get_by_label("Why").first.fill("rewards fell")
        page.get_by_role("button", name="Undo the last promotion").click()
        expect(page.locator("#done")).to_be_visible()
        expect(first_row(page, "history")).to_contain_text("rewards fell")
        expect(first_row(page, "history")).to_contain_text(CONSOLE_OWNER)
        expect(first_row(page, "standings")).not_to_contain_text("lints@1")
        go(page, "What changed")
        page.get_by_role("navigation", name="Day").get_by_role("link", name="Today").click()
        expect(first_row(page, "decided")).to_contain_text("policy.demoted")
        expect(first_row(page, "decided")).to_contain_text("in_force lints@1")


def test_is_anything_stale(product: Product) -> None:
    with product.looking(PHONE) as watched:
        page = watched.page
        go(page, "Data quality")
        expect(page.locator(".notices")).to_contain_text(re.compile("(Nothing|Something) is stale"))
        for what in ("Profiles", "Pools", "Learnt states"):
            row = page.locator("#freshness tr", has_text=what)
            expect(row.locator(".state")).to_have_text(re.compile("fresh|stale"))
        go(page, "Features")
        expect(page.locator("#features")).to_contain_text("15 min")


def test_what_was_sent_to_whom_and_what_came_of_it(product: Product) -> None:
    with product.looking(DESKTOP) as watched:
        page = watched.page
        go(page, "Deliveries")
        expect(first_row(page, "sendings")).to_contain_text("@example.org")
        page.locator("#sendings tbody td.k-instant").first.click()
        expect(page.locator("#peek")).to_be_visible()


def ids(page: Page) -> list[str]:
    """The decisions that are seen, in order."""
    return [
        code.get_attribute("title") or ""
        for code in page.locator("#decisions tbody td.k-id code").all()
    ]


def test_a_filter_set_by_a_click_survives_reload_back_sharing_and_export(product: Product) -> None:
    with product.looking(DESKTOP) as watched:
        page = watched.page
        page.locator("#reactions tbody a", has_text="done").first.click()
        expect(page.locator(".chip")).to_contain_text("done")
        page.locator("#decisions tbody tr").first.hover()
        page.get_by_label(re.compile("All but prompt")).first.click()
        expect(page.locator(".chip")).to_have_count(2)
        page.get_by_role("link", name="Latency").click()
        expect(page.locator("th[aria-sort=descending]")).to_contain_text("Latency")
        filtered, seen = page.url, ids(page)
        assert re.search(r"action=done.*prompt=%21", filtered)
        assert len(seen) > 5
        page.reload()
        assert ids(page) == seen
        go(page, "Health")
        page.go_back()
        assert (page.url, ids(page)) == (filtered, seen)
        with product.looking(PHONE, cookie=product.found.viewer) as other:
            other.page.goto(filtered)  # as somebody sends it to a colleague
            assert ids(other.page) == seen
        with page.expect_download() as download:
            page.locator("#decisions .take a", has_text="CSV").click()
        rows = list(csv.DictReader(download.value.path().open(encoding="utf-8")))
        assert [row["id"] for row in rows] == seen
        shown = page.locator("#decisions thead th").all_inner_texts()
        assert len(rows[0]) == len(shown)
        texts = page.locator("#decisions tbody tr").first.locator("td")
        kinds = page.locator("#decisions tbody td[data-title=Kind]")
        told = [text.partition("=")[0].strip() for text in kinds.all_inner_texts()]
        assert told == [row["kind"] for row in rows]
        assert texts.count() == len(shown)


def test_words_are_masked_until_an_admin_says_why_and_a_profile_is_rebuilt(
    product: Product,
) -> None:
    with product.looking(DESKTOP) as watched:
        page = watched.page
        go(page, "People")
        row = page.locator("#people tbody td", has_text=product.found.person)
        row.get_by_role("link").first.click()
        expect(page.locator(".mask").first).to_be_visible()
        page.locator(".masked summary").click()
        page.locator(".masked").get_by_label("Why").fill("they asked what they saw")
        page.locator(".masked").get_by_role("button").click()
        expect(page.locator(".mask")).to_have_count(0)
        page.get_by_role("link", name="audit log").first.click()
        expect(first_row(page, "entries")).to_contain_text("text.look")
        expect(first_row(page, "entries")).to_contain_text("they asked what they saw")
        page.go_back()
        page.locator(".act summary", has_text="Rebuild").click()
        box = page.locator("form[action*=rebuild-profile]")
        box.get_by_label("Why").fill("it looked stale")
        box.get_by_role("button").click()
        expect(page.locator("#done")).to_be_visible()
        expect(page.locator("#profile")).to_contain_text("fresh")
        page.goto(f"{product.address}/admin/audit?action=person.rebuild_profile")
        expect(first_row(page, "entries")).to_contain_text("completion_rate")


def test_a_viewer_is_offered_nothing_to_do(product: Product) -> None:
    with product.looking(DESKTOP, cookie=product.found.viewer) as watched:
        page = watched.page
        for title in ("Policies", "People", "Simulations"):
            go(page, title)
            expect(page.locator("form[action*='/do/']")).to_have_count(0)
        expect(page.locator("aside.side nav").get_by_role("link", name="SQL")).to_have_count(0)
