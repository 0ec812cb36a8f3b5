"""Overload and oversize are refused at the door, before anything is read or queued."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oo.kit.errors import HeadersTooLarge, OoError, TooLarge, TooManyRequests, Unavailable
from oo.kit.setting_groups import Limits
from oo.web.auth import is_somebody
from oo.web.problems import answer
from oo.web.rates import Rates

ALWAYS_ANSWERED = "/health/live"  # a process with much to do is alive
NOBODY_IS_KEPT_FROM = (ALWAYS_ANSWERED, "/health/ready")


class LimitsMiddleware:
    """Answers 413 and 431 to what is over the limits, 503 with Retry-After when too many wait, and
    429 to an address of which too much comes from nobody.

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
        refused = self._refused(scope) or await self._too_many(scope)
        if refused is not None:
            await answer(Request(scope), refused)(scope, receive, send)
            return
        limit = self._limits.body_bytes
        if scope["path"].startswith(self._large):
            limit = self._limits.import_bytes
        length = Headers(scope=scope).get("content-length", "")
        is_form = bool(self._forms) and scope["path"].startswith(self._forms)
        if length.isdigit() and int(length) > limit and not is_form:
            await answer(Request(scope), _too_large(limit))(scope, receive, send)
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

    def _refused(self, scope: Scope) -> OoError | None:
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        if size > self._limits.header_bytes:
            return HeadersTooLarge("Clear the cookies of this site in your browser and try again.")
        if self._waiting >= self._limits.max_waiting and scope["path"] != ALWAYS_ANSWERED:
            return Unavailable("Too many requests wait; try again.", retry_after=1)
        return None

    async def _too_many(self, scope: Scope) -> OoError | None:
        """What a stranger is told from whose address too much comes."""
        rates: Rates | None = getattr(scope["app"].state, "rates", None)
        if rates is None or scope["path"] in NOBODY_IS_KEPT_FROM:
            return None
        try:
            rates.arrived(scope["client"])
        except TooManyRequests as error:
            return None if await is_somebody(Request(scope)) else error
        return None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit} bytes at most.")
