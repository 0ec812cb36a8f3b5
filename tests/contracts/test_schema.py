"""Whatever the OpenAPI document allows, or does not: what is answered is what the document says.

`python -m tests.bench.schema` does the same to a running oO, with as many cases as you like.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.bench.schema import AMPLE, Checked
from tests.bench.seed import seed
from tests.peers.serving import served
from tests.unit.web.conftest import open_site

CASES = 800


class Served:
    """The application, opened in the event loop that serves it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            assert self._app is not None
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            for word in ("startup", "shutdown"):
                message: Message = await receive()
                assert message["type"] == f"lifespan.{word}"
                if word == "startup":
                    opened = await stack.enter_async_context(open_site(self._folder, **AMPLE))
                    self._app = opened.app
                await send({"type": f"lifespan.{word}.complete"})


@pytest.mark.timeout(300)
def test_two_people_get_what_the_document_says(tmp_path: Path) -> None:
    seeded = asyncio.run(seed(tmp_path / "test.db", 2, 0))
    with served(Served(tmp_path)) as address:
        report = Checked(address, seeded.cookies).run(CASES)
    assert report.wrong == []
    assert report.cases >= CASES
    answered = {status for _, status in report.statuses}
    assert {200, 204, 303, 400, 401, 404, 410, 422} <= answered
