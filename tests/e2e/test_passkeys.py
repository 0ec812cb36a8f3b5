"""Passkeys with Chromium's virtual authenticator: made once, and back without a link."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, expect

from oo.identity.local import create_login_link
from oo.kit.clock import ManualClock
from oo.kit.settings import Settings
from oo.store.database import Database
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, DESKTOP, PHONE, Watched, chromium, watch
from tests.peers.serving import free_port, served
from tests.unit.web.conftest import NOW
from tests.unit.web.served import Served

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.skipif(not axe.INSTALLED, reason="needs `npm ci`"),
]


@dataclass
class Home:
    """oO on this machine."""

    folder: Path
    url: str

    def link(self) -> str:
        """What `oo login` prints."""

        async def make() -> str:
            db = Database(f"sqlite+aiosqlite:///{self.folder / 'test.db'}")
            settings = Settings(public_url=self.url)
            try:
                return await create_login_link(db, settings, ManualClock(NOW))
            finally:
                await db.close()

        with ThreadPoolExecutor(1) as other:  # this thread has Playwright's loop
            return other.submit(asyncio.run, make()).result()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    port = free_port()
    url = f"http://localhost:{port}"
    with served(Served(tmp_path, url), port):
        yield Home(tmp_path, url)


def device(context: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """A platform authenticator that asks for a fingerprint, and gets it at once."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(added["authenticatorId"])


def looked_at(watched: Watched, folder: Path, name: str) -> None:
    """Nothing is wrong with the page; its picture is kept for people to look at."""
    watched.page.screenshot(path=folder / f"{name}.png")
    assert axe.violations(watched.page) == []
    assert watched.faults == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_person_adds_a_passkey_and_comes_back_by_it(
    browser: Browser, home: Home, size: ViewportSize, tmp_path: Path
) -> None:
    context = browser.new_context(viewport=size, base_url=home.url)
    context.set_default_timeout(20_000)
    watched = watch(context)
    page = watched.page
    session, authenticator = device(context, page)

    page.goto(home.link())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{home.url}/")
    page.goto("/connect")
    page.get_by_role("link", name="Passkeys").click()
    page.get_by_label("Name of the new passkey").fill("My phone")
    looked_at(watched, tmp_path, "empty")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".notice")).to_have_text("Added. Next time it signs you in.")
    expect(page.get_by_label("Name of this passkey")).to_have_value("My phone")
    looked_at(watched, tmp_path, "added")
    # a second one on the same device
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status").last).to_have_text("This device has one already.")

    page.get_by_role("link", name="Back").click()
    quiet = {"authenticatorId": authenticator, "enabled": False}
    session.send("WebAuthn.setAutomaticPresenceSimulation", quiet)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    looked_at(watched, tmp_path, "sign-in")
    session.send("WebAuthn.setAutomaticPresenceSimulation", {**quiet, "enabled": True})
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{home.url}/")

    page.goto("/sign-in/again?next=/passkeys")
    page.wait_for_url(f"{home.url}/passkeys")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".notice")).to_contain_text("It signs nobody in any more.")
    assert watched.faults == []
    context.close()
