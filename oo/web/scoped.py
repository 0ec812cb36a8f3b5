"""What a request is in logs and traces: a number, a trace if it is traced, and whose it is."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oo.kit import tracing
from oo.kit.pseudonym import mark
from oo.kit.scope import Scope as RequestScope

ROUTE = "oo.route"  # in the ASGI scope: the path as it is registered
UNTRACED = ("/health/", "/metrics", "/static/")  # asked all the time, and of no interest
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ScopeMiddleware:
    """Gives every request its scope, and its trace where the settings want one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with RequestScope() as request:
            if tracing.is_on() and not scope["path"].startswith(UNTRACED):
                await self._traced(request, scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _traced(
        self, request: RequestScope, scope: Scope, receive: Receive, send: Send
    ) -> None:
        parents = Headers(scope=scope).getlist("traceparent")
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        # several say nothing (W3C Trace Context, section 3.2)
        with tracing.begun(method, traceparent=parents[0] if len(parents) == 1 else "") as span:

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set("http.response.status_code", message["status"])
                await send(message)

            try:
                await self._app(scope, receive, told)
            finally:
                _describe(span, request, scope, method)


def _describe(span: tracing.Live, request: RequestScope, scope: Scope, method: str) -> None:
    """By its route: an address may name a tip, or hold what opens a door."""
    route = scope.get(ROUTE) or getattr(scope.get("route"), "path", None)
    span.set("http.request.method", method)
    span.set("oo.request.id", request.id)
    if route:
        span.set("http.route", route)
        span.rename(f"{method} {route}")
    if request.user_id:
        span.set(tracing.PERSON, mark(request.user_id))
