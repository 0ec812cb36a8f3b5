"""The console in Chromium: what a newcomer asks is answered by clicks, on a phone and a desktop."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from oo.admin.rendering import VENDOR
from oo.domain.policies import PolicyRef
from oo.domain.roles import Role
from oo.identity.local import create_login_link
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.store import policies, simulations, users
from oo.store.database import Database
from oo.store.policies import IN_FORCE, Change
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, PHONE, Watched, chromium, watch
from tests.e2e.test_data_page import NOW, beside, sign_in
from tests.peers.serving import served
from tests.unit.web.served import Served

pytestmark = [
    pytest.mark.skipif(not (CHROMIUM.exists() and axe.INSTALLED), reason="needs chromium, npm ci"),
    pytest.mark.timeout(240),
]
PAGES = (
    "overview", "live", "people", "decisions", "tips?by=activity", "deliveries?by=moment",
    "rewards", "policies", "models", "features", "quality", "simulations", "health", "sql", "audit",
    "docs?runbook=rewards-drop",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with served(Served(tmp_path, pages_per_minute=10_000)) as found:
        yield found


def make_admin(folder: Path) -> None:
    """The person who has just signed in, and a promotion that somebody made."""

    async def work() -> None:
        db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        async with db.write() as connection:
            (me,) = await users.ids_of(connection, "")
            await users.set_role(connection, me, Role.ADMIN)
            ref, why = PolicyRef("lints", "1"), "it looked good"
            await policies.record(connection, Change(ref, IN_FORCE, "grace", why, {}, NOW))
        await db.close()

    beside(work)


async def go_on(folder: Path) -> None:
    """The run that waits is three eighths done."""
    db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
    async with db.write() as connection:
        run = await simulations.take_next(connection)
        assert run is not None
        assert await simulations.note(connection, run.id, 3, 8)
    await db.close()


def link_of(folder: Path) -> str:
    async def work() -> str:
        db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        try:
            return await create_login_link(db, Settings(), ManualClock(NOW))
        finally:
            await db.close()

    return urlsplit(beside(work)).path


def opened(watched: Watched, address: str, path: str) -> Page:
    page = watched.page
    page.goto(f"{address}/admin/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light")], ids=["phone"])
def test_every_page_is_clean_and_answers_a_newcomer(
    browser: Browser, address: str, tmp_path: Path, viewport: ViewportSize, scheme: str
) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    sign_in(context, address, tmp_path).close()
    make_admin(tmp_path)
    watched = watch(context)
    for path in PAGES:
        page = opened(watched, address, path)
        assert axe.violations(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"], path

    # why did this person see that tip?
    page = opened(watched, address, "decisions")
    page.locator("tbody tr").first.locator("td.k-id a").click()
    expect(page.get_by_text("expected a reward of")).to_be_visible()
    assert axe.violations(page) == []
    page.get_by_role("link", name="Draw it again").click()
    expect(page.locator(".replay")).to_contain_text("The same, bit for bit")

    # which prompt earns more, and how sure are we?
    page = opened(watched, address, "rewards?by=prompt")
    expect(page.locator("#slices .estimate small").first).to_contain_text("to")
    expect(page.get_by_text("Too few to read")).to_be_visible()

    # who promoted that policy, and what changed? undo it
    page = opened(watched, address, "policies")
    expect(page.locator("#history tbody tr").first).to_contain_text("grace")
    expect(page.locator("#history tbody tr").first).to_contain_text("it looked good")
    page.get_by_text("Undo the last promotion").first.click()
    page.get_by_label("Why").first.fill("rewards dropped")
    page.get_by_role("button", name="Undo the last promotion").click()
    expect(page.locator("#history tbody tr").first).to_contain_text("rewards dropped")
    page = opened(watched, address, "audit?action=policy.demoted")
    expect(page.locator("tbody tr").first).to_contain_text("in_force lints@1")

    # would another policy do better? ask simulated people, and see how far that is
    page = opened(watched, address, "simulations")
    page.get_by_text("Start a simulation").first.click()
    assert axe.violations(page) == []
    box = page.locator("form[action*=start-simulation]")
    box.get_by_label("Why").fill("is it better?")
    box.get_by_role("button").click()
    first = page.locator("#runs tbody tr").first
    expect(first).to_contain_text("waiting")
    beside(lambda: go_on(tmp_path))
    if VENDOR.is_dir():
        expect(first).to_contain_text("37.5%")  # by itself
    page.locator("#runs tbody a").first.click()
    page.get_by_text("Cancel").first.click()
    page.get_by_label("Why").fill("it takes too long")
    page.get_by_role("button", name="Cancel").click()
    expect(first).to_contain_text("cancelled")
    expect(first).to_contain_text("it takes too long")

    # is anything stale?
    page = opened(watched, address, "health")
    expect(page.locator("#lags")).to_contain_text("Profiles that lack reactions")
    assert watched.faults == []
    context.close()
