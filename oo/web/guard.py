"""Two walls around a signed-in browser: no forged requests in, nothing foreign on the page.

A request that changes something and carries a session cookie passes when

1. the browser says that it comes from oO itself: `Sec-Fetch-Site: same-origin`, or, in browsers
   without it, an `Origin` that is the host asked. Browsers always send one of the two with a
   cross-site POST, so no page elsewhere gets past this;
2. or it has neither header, so that no browser in use sent it (a script, curl), and it is not of
   a type that an HTML form can send, or it has the session's token in `X-CSRF-Token`.

Forms of oO's own pages must carry the session's token besides (:mod:`oo.web.forms`).
"""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oo.identity.sessions import cookie_name, csrf_token
from oo.kit.errors import Forbidden
from oo.kit.settings import Settings
from oo.web.problems import answer

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # "no-referrer" would make browsers send "Origin: null" with our own forms
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


# what stands here answers with a policy of its own, since it is not of oO's making; see
# `oo.admin.mlflow`
GUESTS = ("/mlflow/",)
_OWN_POLICY = frozenset({b"content-security-policy", b"x-frame-options"})


class Forged(Forbidden):
    """The request may have been made by another site."""

    code = "forged"

    def __init__(self) -> None:
        super().__init__(
            "This request did not come from oO's own pages. Reload the page; a script sends"
            " Content-Type: application/json."
        )


class GuardMiddleware:
    """Refuses forged requests with 403 and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._cookie = cookie_name(settings)
        self._origin = settings.base_url
        headers = dict(HEADERS)
        if settings.base_url.startswith("https:"):
            headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self._added = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = {name.lower() for name, _ in message["headers"]}
                added = self._added
                if scope["path"].startswith(GUESTS) and b"content-security-policy" in named:
                    added = [it for it in added if it[0] not in _OWN_POLICY]
                if b"cache-control" not in named:
                    kept = b"no-cache" if scope["path"].startswith("/static/") else b"no-store"
                    added = [*added, (b"cache-control", kept)]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        if scope["method"] not in SAFE_METHODS and self._is_forged(Headers(scope=scope)):
            await answer(Request(scope), Forged())(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _is_forged(self, headers: Headers) -> bool:
        if not is_foreign(headers, self._origin):
            return False
        token = _cookie(headers.get("cookie", ""), self._cookie)
        if token is None:
            return False  # nothing is done in anybody's name
        if "sec-fetch-site" in headers or "origin" in headers:
            return True
        given = headers.get("x-csrf-token", "")
        return not hmac.compare_digest(given.encode(), csrf_token(token).encode())


def is_foreign(headers: Headers, own_origin: str) -> bool:
    """Whether the headers leave it possible that another site made the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site != "same-origin"
    origin = headers.get("origin")
    if origin is not None:
        return origin != own_origin and _host_of(origin) != headers.get("host")
    return headers.get("content-type", "").split(";")[0].strip().lower() in FORM_TYPES


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""  # no browser sends it, and no host is called so


def _cookie(header: str, name: str) -> str | None:
    if name not in header:
        return None
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    # a header that names the cookie but cannot be read is treated as if it held one
    return morsel.value if morsel else ""
