"""The person's data in a browser: switches, export, erasing, and documents."""

import asyncio
import json
import os
import zipfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from oo.identity.local import create_login_link
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.store.tables import consents
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, DESKTOP, PHONE, chromium, watch
from tests.peers.serving import served
from tests.unit.web.served import Served

pytestmark = [
    pytest.mark.skipif(not (CHROMIUM.exists() and axe.INSTALLED), reason="needs chromium, npm ci"),
    pytest.mark.timeout(180),
]
T = TypeVar("T")
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PICTURES = os.environ.get("PICTURES")  # a folder for pictures to look at


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with served(Served(tmp_path)) as found:
        yield found


def pictured(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def beside(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns; the thread of the browser has a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def sign_in(context: BrowserContext, address: str, folder: Path) -> Page:
    """A page of the machine's own user, whose list is handed in and who has reacted."""

    async def link() -> str:
        db = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        try:
            return await create_login_link(db, Settings(), ManualClock(NOW))
        finally:
            await db.close()

    watched = watch(context)
    page = watched.page
    page.goto(f"{address}{urlsplit(beside(link)).path}")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{address}/connect")
    page.get_by_label("One task per line").fill("\n".join(f"Water plant {n}" for n in range(12)))
    page.get_by_role("button", name="Take the list").click()
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
    for number in range(6):
        tip = context.request.post(f"{address}/recommend", headers=headers, data="{}").json()
        said = {"tip_id": tip["tip"]["id"], "action": "done", "dwell_ms": 30_000}
        context.request.post(
            f"{address}/feedback", headers={**headers, "idempotency-key": f"{number}"}, data=said
        )
    return page


@pytest.mark.parametrize(
    ("viewport", "scripts"),
    [(PHONE, True), (DESKTOP, True), (PHONE, False)],
    ids=["phone", "desktop", "without scripts"],
)
def test_what_a_person_can_do_with_their_data(
    browser: Browser, address: str, tmp_path: Path, viewport: ViewportSize, scripts: bool
) -> None:
    context = browser.new_context(viewport=viewport, java_script_enabled=True)
    context.set_default_timeout(20_000)
    page = sign_in(context, address, tmp_path)
    if not scripts:
        state = context.storage_state()
        context.close()
        context = browser.new_context(
            viewport=viewport, java_script_enabled=False, storage_state=state
        )
        page = context.new_page()
    shape = "phone" if viewport == PHONE else "desktop"
    page.goto(f"{address}/connect")
    page.get_by_role("link", name="Your data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your data")
    wide = page.evaluate("document.documentElement.scrollWidth") if scripts else 0
    assert wide <= viewport["width"]
    if scripts:
        assert axe.violations(page) == []
        pictured(page, f"data-{shape}")

    page.get_by_role("button", name="Agree pooling").click()
    expect(page.get_by_role("button", name="Stop pooling")).to_be_visible()
    expect(page.get_by_text("Others learn from you, and you from them.")).to_be_visible()
    page.get_by_role("button", name="Stop pooling").click()
    expect(page.get_by_role("button", name="Agree pooling")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    archive = zipfile.ZipFile(download.value.path())
    assert len(json.loads(archive.read("json/feedback.json"))) == 6

    tips = page.locator("#kept-tips")
    tips.locator("summary").click()
    tips.get_by_role("button", name="Erase Tips for good").click()
    expect(page.locator("#kept-tips")).not_to_contain_text("Erase")
    page.locator("summary", has_text="what Your list told").or_(
        page.locator("summary", has_text="told")
    ).first.click()
    page.get_by_role("button", name="told for good").click()
    expect(page.locator("#kept-tasks")).to_contain_text("Tasks 0")
    context.close()


def test_documents_and_the_question_again(browser: Browser, address: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport=PHONE)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    assert axe.violations(page) == []
    pictured(page, "sign-in")
    page.get_by_role("link", name="terms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms")
    assert axe.violations(page) == []
    pictured(page, "terms")
    page.goto(f"{address}/legal/privacy")
    assert axe.violations(page) == []

    async def forget() -> None:
        db = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
        async with db.write() as connection:
            await connection.execute(consents.delete())
        await db.close()

    page = sign_in(context, address, tmp_path)
    beside(forget)
    page.goto(f"{address}/")
    expect(page.get_by_role("heading")).to_have_text("Something has changed")
    assert axe.violations(page) == []
    pictured(page, "agree")
    page.get_by_role("button", name="Agree").click()
    page.wait_for_url(f"{address}/")
    context.close()
