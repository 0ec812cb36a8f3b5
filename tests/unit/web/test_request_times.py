"""How long a request took is counted as its sender saw it, and costs next to nothing."""

import asyncio
import time

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from oo.kit import metrics
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.errors import Unavailable
from oo.web.request_times import RequestTimesMiddleware
from tests.unit.web.conftest import NOW, Site

MOST_S = 20e-6  # it takes 2 to 3 µs on an idle machine; a busy one takes its time


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str, str]]:
    found: list[tuple[float, str, str]] = []
    monkeypatch.setattr(metrics.REQUESTS, "observe", lambda *seen: found.append(seen))
    return found


async def post(site: Site, path: str) -> httpx2.Response:
    async with site.browser() as browser:
        return await browser.post(path, headers={"Sec-Fetch-Site": "same-origin"})


async def test_tips_and_reactions_are_timed_by_status_and_nothing_else_is(
    site: Site, timed: list[tuple[float, str, str]]
) -> None:
    assert (await post(site, "/recommend")).status_code == 401
    assert (await post(site, "/feedback")).status_code == 401
    await post(site, "/nowhere")
    assert [seen[1:] for seen in timed] == [("/recommend", "4xx"), ("/feedback", "4xx")]


async def test_what_is_refused_at_the_door_is_timed(
    site: Site, timed: list[tuple[float, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Unavailable("Too many requests wait; try again.", retry_after=1)
    monkeypatch.setattr("oo.web.limits.LimitsMiddleware._refused", lambda self, scope: busy)
    assert (await post(site, "/recommend")).status_code == 503
    assert [seen[1:] for seen in timed] == [("/recommend", "5xx")]


async def test_waiting_is_in_it_and_who_leaves_is_counted_as_such(
    timed: list[tuple[float, str, str]],
) -> None:
    clock = ManualClock(NOW)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        clock.advance(1.5)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await ask(RequestTimesMiddleware(slow, clock))
    assert timed == [(1.5, "/recommend", "left")]


async def test_it_costs_microseconds() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    plain = await fastest(app)
    assert await fastest(RequestTimesMiddleware(app, SystemClock())) - plain < MOST_S


async def fastest(app: object) -> float:
    """Seconds of a call, in the best of some rounds."""
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        for _ in range(100):
            await ask(app)
        times.append((time.perf_counter() - begun) / 100)
    return min(times)


async def ask(app: object) -> None:
    async def send(message: Message) -> None: ...

    await app({"type": "http", "path": "/recommend"}, None, send)  # type: ignore[operator]
