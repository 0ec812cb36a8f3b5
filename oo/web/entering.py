"""The session cookie, given at each sign-in and taken away at the end."""

from starlette.requests import Request
from starlette.responses import Response

from oo.identity.sessions import cookie_name
from oo.kit.errors import Unauthorized
from oo.web.services import services
from oo.web.way_back import BACK_COOKIE


async def enter(request: Request, response: Response, cookie: str) -> None:
    """Give the browser the cookie of its new session, and end the session that it had before."""
    parts = services(request)
    name = cookie_name(parts.settings)
    before = request.cookies.get(name)
    if before:
        try:
            old = await parts.accounts.of(before)
        except Unauthorized:
            pass  # it is none of ours, or over
        else:
            await parts.identity.sessions.sign_out(old.user_id, before, cookie)
    if BACK_COOKIE in request.cookies:
        response.delete_cookie(BACK_COOKIE, secure=is_https(request), httponly=True)
    response.set_cookie(
        name,
        cookie,
        max_age=parts.settings.limits.session_days * 24 * 3600,
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def is_https(request: Request) -> bool:
    """Whether browsers reach oO over https."""
    return services(request).settings.base_url.startswith("https:")


def user_agent(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")
