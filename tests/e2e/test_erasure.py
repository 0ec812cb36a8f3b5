"""Deleting the account in a real browser: the page, the box, the receipt."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from oo.identity.sessions import start_session
from oo.jobs.erasing import erase_people
from oo.kit.clock import ManualClock
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, DESKTOP, PHONE, chromium, watch
from tests.peers.serving import served
from tests.peers.store import add_person
from tests.unit.web.served import Served

pytestmark = pytest.mark.skipif(
    not (CHROMIUM.exists() and axe.INSTALLED), reason="needs chromium, npm ci"
)
CLOCK = ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


T = TypeVar("T")


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Its result; the browser has an event loop in this thread already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def test_an_account_is_deleted_and_its_receipt_followed(tmp_path: Path) -> None:
    async def sign_in(name: str) -> str:
        db = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
        person = await add_person(db, CLOCK, name)
        async with db.write() as connection:
            cookie = await start_session(connection, person, CLOCK, 1)
        await db.close()
        return cookie

    async def erase() -> None:
        db = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
        await erase_people(db, CLOCK, ErasureLog(tmp_path))
        await db.close()

    with served(Served(tmp_path)) as base, chromium() as browser:
        for name, size in (("ada", PHONE), ("bob", DESKTOP)):
            delete(browser, base, apart(sign_in(name)), size, tmp_path / f"{name}.png", erase)


def delete(
    browser: Browser,
    base: str,
    cookie: str,
    size: ViewportSize,
    picture: Path,
    erase: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    context = browser.new_context(viewport=size)
    context.add_cookies([{"name": "sid", "value": cookie, "url": base}])
    watched = watch(context)
    page = watched.page
    page.goto(f"{base}/connect")
    page.get_by_role("link", name="Delete account").click()
    button = page.get_by_role("button", name="Delete my account")
    button.click()
    expect(button).to_be_visible()  # the box is not ticked: nothing is sent
    page.get_by_role("checkbox", name="Erase everything").check()
    page.screenshot(path=picture)
    assert axe.violations(page) == []
    button.click()
    expect(page.get_by_role("heading")).to_have_text("Being erased")
    apart(erase())
    page.reload()
    expect(page.get_by_role("heading")).to_have_text("Erased")
    expect(page.get_by_text("other entries")).to_be_visible()
    page.screenshot(path=picture.with_name(f"{picture.stem}-receipt.png"))
    assert axe.violations(page) == []
    page.goto(f"{base}/connect")
    expect(page.get_by_role("link", name="Continue with Google")).to_be_visible()
    assert watched.faults == []
    context.close()
