"""Debian's Chromium, driven by Playwright; every page that it opens is watched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, what it asked for, and what went wrong on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def watch(context: BrowserContext, *, is_strict: bool = False) -> Watched:
    """A new page of `context`; errors and violations of the CSP are faults.

    If `is_strict`, so is whatever the browser tells as an error, a file that does not load too.
    """
    watched = Watched(context.new_page())
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    watched.page.on("pageerror", lambda error: watched.faults.append(str(error)))
    watched.page.on(
        "console",
        lambda message: (
            watched.faults.append(message.text)
            if (is_strict and message.type == "error") or "Content Security" in message.text
            else None
        ),
    )
    return watched
