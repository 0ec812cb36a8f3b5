"""Signing in and out."""

from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.identity.openid import ATTEMPT_LIFETIME, Attempt
from oo.identity.sessions import cookie_name
from oo.kit.errors import OoError, Unauthorized
from oo.kit.settings import LOOPBACK
from oo.web import problems
from oo.web.audience import wants_page
from oo.web.auth import person
from oo.web.entering import enter, is_https, user_agent
from oo.web.forms import checked_form, read_form, session_cookie
from oo.web.guard import Forged, is_foreign
from oo.web.page import Page, page_routes
from oo.web.rendering import message, page
from oo.web.services import services
from oo.web.way_back import BACK_COOKIE, BACK_LIFETIME_S, local_path

router = page_routes()


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """The ways to sign in."""
    parts = services(request)
    try:
        await person(request)
    except Unauthorized:
        host, _, port = request.headers.get("host", "").rpartition(":")
        if parts.settings.is_named_locally and host.strip("[]") in LOOPBACK and port.isdecimal():
            # passkeys are bound to names, and each name has cookies of its own
            asked = urlencode({"next": _next_path(request)}, safe="/")
            return RedirectResponse(f"http://localhost:{port}/sign-in?{asked}", 303)
        return page(
            "sign_in.html",
            choices=parts.identity.openid.choices(),
            local_account=parts.settings.local_account,
            origin=parts.settings.base_url,
            next_path=_next_path(request),
            again=False,
        )
    return RedirectResponse("/", 303)


@router.get("/sign-in/again")
async def sign_in_again_page(request: Request) -> Response:
    """The ways to sign in again, for what needs a fresh sign-in; they lead to `next`."""
    parts = services(request)
    await person(request)
    response = page(
        "sign_in_again.html",
        choices=parts.identity.openid.choices(),
        local_account=parts.settings.local_account,
        origin=parts.settings.base_url,
        next_path=_next_path(request),
        again=True,
    )
    # a printed link does not know where it is to lead
    response.set_cookie(
        BACK_COOKIE,
        _next_path(request),
        max_age=BACK_LIFETIME_S,
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/auth/link/{token}")
async def show_link(request: Request, token: str) -> Response:
    """Offer to sign in by a one-time local link; looking at it, as previews do, uses nothing up."""
    await services(request).identity.check_link(token)
    return page("link.html", action=f"/auth/link/{quote(token, safe='')}")


@router.post("/auth/link/{token}")
async def use_link(request: Request, token: str) -> Response:
    """Sign in by a one-time local link, from its own page only."""
    if is_foreign(request.headers, services(request).settings.base_url):
        raise Forged  # nobody is to be signed in by another site
    cookie = await services(request).identity.enter_by_link(token, user_agent(request))
    return await _enter(request, cookie, request.cookies.get(BACK_COOKIE, "/"))


@router.get("/auth/{provider}")
async def start(request: Request, provider: str) -> Response:
    """Send the browser to the provider; with `fresh`, to sign in anew there.

    Whoever leaves that out gains nothing: how fresh it was is what the provider says.
    """
    parts = services(request)
    fresh = request.query_params.get("fresh") == "1"
    openid = parts.identity.openid
    return begin(request, await openid.start(provider, _next_path(request), fresh=fresh))


@router.get("/auth/{provider}/callback")
async def callback(request: Request, provider: str) -> Response:
    """The browser comes back from the provider."""
    return await _finish(request, provider, dict(request.query_params))


@router.post("/auth/{provider}/callback")
async def callback_form(request: Request, provider: str) -> Response:
    """The browser comes back from a provider that answers by a form."""
    form = await read_form(request)
    answer = {name: value for name, value in form.items() if isinstance(value, str)}
    return await _finish(request, provider, answer)


async def _finish(request: Request, provider: str, query: dict[str, str]) -> Response:
    parts = services(request).identity
    attempt_cookie = parts.openid.cookie_name(query.get("state", ""))
    way_back = ("/sign-in", "Back to sign-in")
    try:
        signed_in = await parts.openid.finish(provider, query, request.cookies.get(attempt_cookie))
        if signed_in.link_to:
            way_back = ("/identities", "Back")
            added = await parts.identities.link(signed_in, session_cookie(request))
            response: Response = RedirectResponse(
                f"/identities?notice={'added' if added else 'known'}", 303
            )
        else:
            cookie = await parts.enter(signed_in, user_agent(request))
            response = await _enter(request, cookie, signed_in.next_path)
    except OoError as error:
        # a stranger is no news here: who cancelled is told so, and not led round in a circle
        response = (
            message(error.title, error.detail, error.status, *way_back)
            if wants_page(request.headers, by_default=True)
            else problems.answer(request, error)
        )
    response.delete_cookie(attempt_cookie, secure=is_https(request), httponly=True)
    return response


@router.post("/auth/sign-out")
async def sign_out(request: Request) -> Response:
    """End this session."""
    session = await person(request)
    await checked_form(request)
    await services(request).identity.sessions.sign_out(session.user_id, session_cookie(request))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(
        cookie_name(services(request).settings),
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
    return response


def begin(request: Request, attempt: Attempt) -> Response:
    """Send the browser to the provider, with the cookie of its attempt."""
    parts = services(request)
    # a form that another site posts brings no "lax" cookie, and "none" must be secure; browsers
    # take a secure cookie from this machine's own addresses too
    is_foreign_post = attempt.comes_by_form and (is_https(request) or parts.settings.is_loopback)
    response = RedirectResponse(attempt.url, 303)
    response.set_cookie(
        attempt.cookie_name,
        attempt.cookie,
        max_age=int(ATTEMPT_LIFETIME.total_seconds()),
        secure=is_https(request) or is_foreign_post,
        httponly=True,
        samesite="none" if is_foreign_post else "lax",
    )
    return response


async def _enter(request: Request, cookie: str, next_path: str) -> Response:
    response = RedirectResponse(local_path(next_path), 303)
    await enter(request, response, cookie)
    return response


def _next_path(request: Request) -> str:
    return local_path(request.query_params.get("next", "/"))


PAGE = Page("sign-in", router)
