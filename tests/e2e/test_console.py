"""The console in Chromium, by the clock of a test: what goes on is seen without a reload."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from oo.admin.rendering import VENDOR
from oo.domain.roles import Role
from oo.store import simulations, users
from oo.store.database import Database
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, PHONE, Watched, chromium, watch
from tests.e2e.test_data_page import beside, sign_in
from tests.peers.serving import served
from tests.unit.web.served import Served

pytestmark = [
    pytest.mark.skipif(not (CHROMIUM.exists() and axe.INSTALLED), reason="needs chromium, npm ci"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with served(Served(tmp_path, pages_per_minute=10_000)) as found:
        yield found


def make_admin(folder: Path) -> None:
    """The person who has just signed in is one."""

    async def work() -> None:
        db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        async with db.write() as connection:
            (me,) = await users.ids_of(connection, "")
            await users.set_role(connection, me, Role.ADMIN)
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


def opened(watched: Watched, address: str, path: str) -> Page:
    page = watched.page
    page.goto(f"{address}/admin/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light")], ids=["phone"])
def test_a_simulation_is_started_watched_and_cancelled(
    browser: Browser, address: str, tmp_path: Path, viewport: ViewportSize, scheme: str
) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    sign_in(context, address, tmp_path).close()
    make_admin(tmp_path)
    watched = watch(context)
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
    assert watched.faults == []
    context.close()
