"""Overload and oversize are refused at the door."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI, Request

from oo.kit.setting_groups import Limits
from oo.web import problems
from oo.web.limits import LimitsMiddleware
from tests.unit.web.conftest import Site


def client(app: FastAPI, **limits: int) -> httpx2.AsyncClient:
    problems.install(app)
    app.add_middleware(LimitsMiddleware, limits=Limits(**limits), large=("/import/",))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


async def test_too_many_waiting_requests_get_503_with_retry_after() -> None:
    app, gate = FastAPI(), asyncio.Event()

    @app.post("/slow")
    async def slow() -> str:
        await gate.wait()
        return "done"

    async with client(app, max_waiting=2) as http:
        waiting = [asyncio.create_task(http.post("/slow")) for _ in range(2)]
        for _ in range(20):
            await asyncio.sleep(0)
        refused = await http.post("/slow")
        gate.set()
        assert [(await answer).status_code for answer in waiting] == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["code"] == "unavailable"


async def test_a_body_over_the_limit_is_refused_even_when_its_length_is_not_said() -> None:
    app = FastAPI()

    @app.post("/import/x")
    @app.post("/small")
    async def read(request: Request) -> int:
        return len(await request.body())

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 100

    async with client(app, body_bytes=1000, import_bytes=2000) as http:
        assert (await http.post("/small", content=b"x" * 1000)).json() == 1000
        assert (await http.post("/small", content=b"x" * 1001)).status_code == 413
        assert (await http.post("/small", content=chunks(11))).status_code == 413
        assert (await http.post("/import/x", content=chunks(20))).json() == 2000


async def test_a_process_with_much_to_do_is_alive(site: Site) -> None:
    limits = site.settings.limits.model_copy(update={"max_waiting": 0})
    (middleware,) = [it for it in site.app.user_middleware if it.cls is LimitsMiddleware]  # type: ignore[comparison-overlap]
    middleware.kwargs["limits"] = limits
    assert (await site.browser().get("/health/live")).status_code == 200
    assert (await site.browser().get("/health/ready")).status_code == 503
    refused = await site.browser().get("/", headers={"accept": "text/html"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "<h1>Not available right now</h1>" in refused.text


@pytest.mark.parametrize("name", ["cookie", "x-anything"])
async def test_too_many_cookies_end_in_a_page_that_says_so(site: Site, name: str) -> None:
    headers = {name: "a=" + "x" * 17_000, "accept": "text/html"}
    answer = await site.browser().get("/sign-in", headers=headers)
    assert answer.status_code == 431
    assert "Clear the cookies" in answer.text
    program = await site.browser().get("/sign-in", headers={**headers, "accept": "*/*"})
    assert program.json()["code"] == "headers_too_large"
