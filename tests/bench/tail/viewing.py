"""Who watches the tail: a program that reads the stream, and Chromium on the console's page."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2
import orjson
from playwright.async_api import CDPSession, Page, async_playwright

from oo.store.outbox import TASK_SYNCED
from tests.e2e.browser import CHROMIUM, DESKTOP

EVENTS = "/api/admin/events"


@dataclass
class Program:
    """Reads the stream as the page's script does: again from the last one seen when it ends."""

    browser: httpx2.AsyncClient
    after: int
    seen: list[int] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)

    async def follow(self) -> None:
        """Until it is cancelled."""
        while True:
            asked = {"after": str(self.after)}
            headers = {"accept": "text/event-stream"}
            async with self.browser.stream(
                "GET", EVENTS, params=asked, headers=headers, timeout=None
            ) as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    if line.startswith("data:"):
                        self._take(orjson.loads(line[5:]))

    def _take(self, event: dict[str, Any]) -> None:
        self.after = event["seq"]
        self.seen.append(event["seq"])
        if event["subject"] == TASK_SYNCED:  # what the bench writes, and no tip of before
            at = datetime.fromisoformat(event["at"])
            self.delays_s.append(time.time() - at.timestamp())


@dataclass
class Watcher:
    """The console's page in Chromium."""

    page: Page
    protocol: CDPSession

    async def count(self) -> int:
        """How many events it says to have seen."""
        text = await self.page.locator("[data-live] [role=status]").inner_text()
        digits = text.split()[0]
        return int(digits) if digits.isdecimal() else 0

    async def begun_at(self) -> int:
        """The number behind which it watches."""
        return int(await self.page.locator("[data-live]").get_attribute("data-after") or 0)

    async def rows(self) -> list[int]:
        """The numbers of the events in its table, the newest first."""
        cells = self.page.locator("#events tbody td:last-child")
        return [int(text) for text in await cells.all_inner_texts()]

    async def memory(self) -> tuple[float, int]:
        """MB of the script's heap after a collection, and how many nodes there are."""
        await self.protocol.send("HeapProfiler.collectGarbage")
        told = await self.protocol.send("Performance.getMetrics")
        found = {one["name"]: one["value"] for one in told["metrics"]}
        return found["JSHeapUsedSize"] / 1e6, int(found["Nodes"])


@asynccontextmanager
async def watcher(address: str, cookie: str) -> AsyncIterator[Watcher]:
    """Chromium on the live page, which waits for events."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
        await context.add_cookies([{"name": "sid", "value": cookie, "url": address}])
        page = await context.new_page()
        protocol = await context.new_cdp_session(page)
        await protocol.send("Performance.enable")
        await page.goto(f"{address}/admin/live")
        try:
            yield Watcher(page, protocol)
        finally:
            await browser.close()
