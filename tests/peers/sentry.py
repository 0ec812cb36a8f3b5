"""A Sentry project on loopback: it takes envelopes over HTTP and keeps what they hold."""

import gzip
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class SentryPeer:
    """`received` has the bodies as they came, unpacked; `events` what they tell."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in them."""
        found = []
        for body in self.received:
            lines = body.splitlines()
            for head, told in zip(lines[1::2], lines[2::2], strict=False):
                if json.loads(head)["type"] == "event":
                    found.append(json.loads(told))
        return found

    def app(self) -> Starlette:
        """What answers for the project 1."""

        async def envelope(request: Request) -> Response:
            body = await request.body()
            if request.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            self.received.append(body)
            return JSONResponse({})

        return Starlette(routes=[Route("/api/1/envelope/", envelope, methods=["POST"])])
