"""A server that answers as MLflow does, keeps what it was asked, and is as rude as one can be."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

SHELL = "<!doctype html><script src='static-files/main.js'></script>"
HOSTILE = "<script>fetch('/api/admin/people')</script>"


@dataclass
class MlflowPeer:
    """`asked` has each request: method, path with query, headers, body."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        request = Request(scope, receive)
        path = request.scope["raw_path"].decode()
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append(
            (request.method, path + query, dict(request.headers), await request.body())
        )
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        rude = {
            "set-cookie": "sid=theirs; Path=/",
            "access-control-allow-origin": "*",
            "content-security-policy": "default-src *",
            "service-worker-allowed": "/",
            "www-authenticate": "Basic",
        }
        match request.url.path:
            case "/":
                return Response(SHELL, headers=rude, media_type="text/html")
            case "/away":
                return RedirectResponse("http://elsewhere.example/", 302)
            case "/moved":
                return RedirectResponse(f"http://{request.headers['host']}/static-files/a.js", 302)
            case "/get-artifact":
                return Response(HOSTILE, headers=rude, media_type="text/html")
            case "/huge":
                return Response(headers={"content-length": str(1 << 40)})
            case "/endless":
                return StreamingResponse(self._endless())
        return Response(b'{"ok":true}', headers=rude, media_type="application/json")

    async def _endless(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.001)  # or nothing could end it
            yield b"x" * 65536
