"""How long people wait for a tip and for the receipt of a reaction, for `/metrics`."""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oo.kit.clock import Clock
from oo.kit.metrics import REQUESTS

ROUTES = frozenset({"/recommend", "/feedback"})
CLASSES = ("", "1xx", "2xx", "3xx", "4xx", "5xx")


class RequestTimesMiddleware:
    """Times each request on `ROUTES` as its sender sees it: waiting and refusals included.

    One whose sender left before the answer began counts as ``left``.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._monotonic = clock.monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") not in ROUTES:
            await self._app(scope, receive, send)
            return
        started = self._monotonic()
        status = "left"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = _class(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            REQUESTS.observe(self._monotonic() - started, scope["path"], status)


def _class(status: Any) -> str:
    return CLASSES[status // 100]
