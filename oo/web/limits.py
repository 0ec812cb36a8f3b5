"""Overload and oversize are refused at the door, before anything is read or queued."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oo.kit.errors import TooLarge, Unavailable
from oo.kit.settings import Limits
from oo.web.problems import of_error


class LimitsMiddleware:
    """Answers 413 to bodies over the limit and 503 with Retry-After when too many wait.

    Imports of files have a limit of their own, on the paths in `large`. A form on a path in `forms`
    is refused by its route, once it has read too much: the answer there is a page.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits, large: tuple[str, ...], forms: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._limits = limits
        self._large = large
        self._forms = forms
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._waiting >= self._limits.max_waiting:
            overload = Unavailable("Too many requests wait; try again.", retry_after=1)
            await of_error(overload)(scope, receive, send)
            return
        limit = self._limits.body_bytes
        if scope["path"].startswith(self._large):
            limit = self._limits.import_bytes
        length = Headers(scope=scope).get("content-length", "")
        is_form = bool(self._forms) and scope["path"].startswith(self._forms)
        if length.isdigit() and int(length) > limit and not is_form:
            await of_error(_too_large(limit))(scope, receive, send)
            return
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(limit)
            return message

        self._waiting += 1
        try:
            await self._app(scope, bounded if scope["method"] != "GET" else receive, send)
        finally:
            self._waiting -= 1


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit} bytes at most.")
