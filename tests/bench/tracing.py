"""`python -m tests.bench.tracing`: what traces cost a tip, in CPU of one process without a network.

The application is asked in process, so that nothing but its own work is counted: from the request
to the commit, with the shard's scoring. Rounds take turns, and the least of each counts, as other
work of the machine only adds.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from oo.kit import trace_export, tracing
from oo.kit.setting_groups import Tracing
from tests.unit.web.conftest import open_site

ROUNDS, REQUESTS = 12, 100
out = Console(highlight=False)
LIST = "\n".join(f"- [ ] Prepare chapter {number} of the report" for number in range(12))


async def main() -> None:
    """Print µs of CPU per tip: off, and with different shares of requests traced."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with open_site(folder, tips_per_second=1_000_000) as site:
            browser = await site.signed_in(**{"Sec-Fetch-Site": "same-origin"})
            kind = {"Content-Type": "text/csv"}
            await browser.post("/api/sources/file/import", content=LIST, headers=kind)
            ask = asker(site.app, browser.cookies["sid"])
            ways = {"off": lambda: tracing.trace_with(None)} | {
                f"on, {ratio:.0%} of requests": starter(folder, ratio) for ratio in (0.0, 0.01, 1.0)
            }
            best = dict.fromkeys(ways, float("inf"))
            await rounds(ask)
            for _ in range(ROUNDS):
                for way, choose in ways.items():
                    choose()
                    best[way] = min(best[way], await rounds(ask))
            for way, microseconds in best.items():
                out.print(f"{way:24} {microseconds:7.1f} µs per /recommend")


def starter(folder: Path, ratio: float) -> Callable[[], None]:
    """Has this process keep such a share in the file of its data folder."""
    made: list[Any] = []

    def start() -> None:
        if not made:
            trace_export.start(Tracing(file=True, ratio=ratio), folder, "ingress")
            made.append(tracing._tracer)
        tracing.trace_with(made[0], ratio)

    return start


def asker(app: Any, cookie: str) -> Callable[[], Any]:
    """Asks for a tip as the server does."""
    headers = [(b"cookie", f"sid={cookie}".encode()), (b"sec-fetch-site", b"same-origin")]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask() -> None:
        statuses: list[int] = []

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/recommend",
            "raw_path": b"/recommend",
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        await app(scope, receive, send)
        assert statuses == [200]

    return ask


async def rounds(ask: Callable[[], Any]) -> float:
    """µs of CPU per request in one round."""
    before = time.process_time()
    for _ in range(REQUESTS):
        await ask()
    return (time.process_time() - before) / REQUESTS * 1e6


if __name__ == "__main__":
    asyncio.run(main())
