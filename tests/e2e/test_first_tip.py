"""A person's way: sign in, connect, tips, sessions elsewhere, and everything erased."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Response, expect

from tests.conftest import Product
from tests.e2e.browser import CHROMIUM, DESKTOP, PHONE, chromium, watch

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.timeout(420),
]

TASKS = ("Send Mara the contract", "Renew the passport", "Book the dentist")


def sign_in(page: Page, login: str) -> None:
    page.get_by_role("link", name="Continue with Real").click()
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()  # consent


def wait_for(page: Page, condition: Callable[[], bool], timeout_s: float = 30) -> bool:
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        page.wait_for_timeout(200)  # also lets the page's events arrive here
    return condition()


def on_the_page(page: Page, tips: list[dict[str, Any]]) -> dict[str, Any]:
    """The newest of `tips` once the page shows it.

    The page may show a tip before the browser's event that brought it here has been read.
    """
    expect(page.locator("body")).to_have_attribute("data-state", "tip")
    shown = page.locator("#content").text_content
    assert wait_for(page, lambda: bool(tips) and tips[-1]["content"] == shown())
    return tips[-1]


def test_from_sign_in_to_the_second_tip_and_to_the_end(product: Product) -> None:
    for title in TASKS:
        due = {"date": "2026-01-05", "string": "5 Jan", "lang": "en", "is_recurring": False}
        product.todoist.add_task(title, priority=4, due=due)
    with chromium() as browser:
        context = browser.new_context(viewport=PHONE, base_url=product.base_url)
        context.set_default_timeout(45_000)
        expect.set_options(timeout=45_000)
        watched = watch(context)
        page = watched.page
        tips: list[dict[str, Any]] = []

        def note(response: Response) -> None:
            if response.url.endswith("/recommend") and response.ok:
                with suppress(Error):  # its body is gone when the page has gone on
                    tips.extend(tip for tip in [response.json()["tip"]] if tip)

        page.on("response", note)

        page.goto("/")
        sign_in(page, "ada")
        page.wait_for_url(f"{product.base_url}/")
        expect(page.locator("#content")).to_have_text("Nothing to look at yet.")

        page.get_by_role("link", name="Connect something").click()
        page.locator("#source-todoist").get_by_role("link", name="Connect").click()
        expect(page.get_by_role("status")).to_have_text("Connected.")
        expect(page.locator("#source-todoist")).to_contain_text("3 open tasks")

        page.get_by_role("link", name="Back to the tip").click()
        for _ in range(6):
            shown = on_the_page(page, tips)
            if shown["task"]:
                break
            page.keyboard.press("x")
            assert wait_for(page, lambda: tips[-1]["id"] != shown["id"])  # noqa: B023
        assert shown["task"]
        seen = f"{product.base_url}/api/tips/{shown['id']}/seen"
        assert wait_for(page, lambda: seen in watched.requests)

        page.get_by_role("button", name="done").click()
        external_id = shown["task"].removeprefix("todoist:")
        assert wait_for(page, lambda: product.todoist.closed == [external_id])
        assert wait_for(page, lambda: tips[-1]["id"] != shown["id"])
        assert on_the_page(page, tips)["task"] != shown["task"]

        page.goto("/connect")
        page.get_by_role("link", name="Why the last tip?").click()
        expect(page.locator(".said")).to_have_text(tips[-1]["content"])
        assert page.locator(".reasons li").count() > 0

        page.goto("/data")
        page.get_by_role("button", name="Agree pooling").click()
        expect(page.get_by_role("button", name="Stop pooling")).to_be_visible()
        page.goto("/connect")
        page.locator("#source-todoist").get_by_role("button", name="Disconnect").click()
        expect(page.get_by_role("status")).to_contain_text("Disconnected.")
        # erased here at once, and revoked there behind
        assert wait_for(page, lambda: not product.todoist.access)
        assert not product.todoist.refresh

        for is_ended_here in (True, False):
            elsewhere = browser.new_context(viewport=DESKTOP, base_url=product.base_url)
            other = elsewhere.new_page()
            other.goto("/")
            sign_in(other, "ada")
            other.wait_for_url(f"{product.base_url}/")
            ends = other if is_ended_here else page
            ends.goto("/connect")
            name = "Sign out" if is_ended_here else "End all others"
            ends.get_by_role("button", name=name).click()
            expect(ends.get_by_role("button", name=name)).to_have_count(0)
            other.goto("/connect")
            expect(other.get_by_role("link", name="Continue with Real")).to_be_visible()
            elsewhere.close()

        page.locator("#source-todoist").get_by_role("link", name="Connect").click()
        expect(page.get_by_role("status")).to_have_text("Connected.")
        assert product.todoist.access
        page.get_by_role("link", name="Delete account").click()
        page.get_by_role("checkbox", name="Erase everything").check()
        page.get_by_role("button", name="Delete my account").click()
        expect(page.get_by_role("heading")).to_have_text("Being erased")
        assert wait_for(page, lambda: not product.todoist.access)
        assert not product.todoist.refresh

        def is_erased() -> bool:
            page.reload()
            return page.get_by_role("heading").inner_text() == "Erased"

        assert wait_for(page, is_erased, 60)
        page.goto("/connect")
        expect(page.get_by_role("link", name="Continue with Real")).to_be_visible()
        assert watched.faults == []
        context.close()
