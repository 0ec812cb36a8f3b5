"""The pages on a port, opened in the event loop that serves them."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.peers.todoist import TodoistPeer
from tests.unit.web.conftest import open_site


class Served:
    """The application over a store in `folder`, with other limits than it is shipped with.

    `others` are further settings; with them it lives by the machine's clock, as its peers do.
    """

    def __init__(
        self,
        folder: Path,
        public_url: str = "",
        others: Mapping[str, Any] | None = None,
        todoist: TodoistPeer | None = None,
        **limits: int,
    ) -> None:
        self._folder = folder
        self._public_url = public_url
        self._others = others
        self._todoist = todoist
        self._limits = limits
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
                    opened = await stack.enter_async_context(
                        open_site(
                            self._folder,
                            self._public_url,
                            self._others,
                            self._todoist,
                            **self._limits,
                        )
                    )
                    self._app = opened.app
                await send({"type": f"lifespan.{word}.complete"})
