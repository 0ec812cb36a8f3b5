"""The border of the application: every GET has its HEAD, and every error an answer."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oo.kit.errors import Malformed, NotFound
from oo.web.problems import NO_NUL, answer


class BorderMiddleware:
    """Answers HEAD as GET without the body, and errors that nothing inside has answered.

    The framework would answer those outside of all middleware, without the security headers. No
    address may hold a NUL, which PostgreSQL can neither keep nor look for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        has_started = False

        async def passed(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            if is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"} if is_head else scope
        try:
            if "\0" in scope["path"]:
                raise NotFound("There is nothing at this address.")
            if b"%00" in scope["query_string"]:
                raise Malformed(NO_NUL)
            await self._app(inner, receive, passed)
        except Exception as error:
            if has_started:
                raise
            # the framework has not seen those that middleware raises
            inner.setdefault("app", scope.get("app"))
            await answer(Request(inner, receive), error)(inner, receive, passed)
