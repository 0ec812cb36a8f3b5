"""Passkeys: signing in by one, and the person's own: added, named, removed."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Path, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from oo.web.api import parse
from oo.web.auth import fresh_person, person
from oo.web.entering import enter, user_agent
from oo.web.forms import checked_form, form_token
from oo.web.guard import Forged, is_foreign
from oo.web.page import Page, page_routes
from oo.web.rates import Cost, Rates, address_of
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()

HERE = "/passkeys"
PasskeyId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
NOTICES = {
    "added": "Added. Next time it signs you in.",
    "named": "Named.",
    "removed": "Removed. It signs nobody in any more.",
}


class PasskeyAnswer(BaseModel):
    """What `navigator.credentials` gave, as `PublicKeyCredential.toJSON` writes it."""

    credential: dict[str, Any]
    name: str = ""


@router.get(HERE)
async def passkeys_page(request: Request) -> Response:
    """The person's passkeys, and the way to add one."""
    session = await person(request)
    parts = services(request)
    zone = ZoneInfo(session.timezone)
    return page(
        "passkeys.html",
        csrf=form_token(request),
        origin=parts.settings.base_url,
        notice=NOTICES.get(request.query_params.get("notice", "")),
        passkeys=[
            {
                "id": it.id,
                "name": it.name,
                "added": f"{it.created_at.astimezone(zone):%-d %B}",
                "used": f"{it.used_at.astimezone(zone):%-d %B, %H:%M}" if it.used_at else "",
            }
            for it in await parts.identity.passkeys.list_for(session.user_id)
        ],
    )


@router.post("/passkeys/options")
async def creation_options(request: Request) -> Response:
    """What the browser needs to make a passkey."""
    session = await fresh_person(request, back=HERE)
    return _json(await services(request).identity.passkeys.creation_options(session))


@router.post("/passkeys/add")
async def add_passkey(request: Request) -> Response:
    """Keep the passkey that the browser has made."""
    session = await fresh_person(request, back=HERE)
    body = await parse(request, PasskeyAnswer)
    await services(request).identity.passkeys.add(session, body.credential, body.name)
    return Response(status_code=204)


@router.post("/passkeys/{passkey_id}/rename")
async def rename_passkey(request: Request, passkey_id: PasskeyId) -> Response:
    """Name one of the person's passkeys."""
    session = await person(request)
    form = await checked_form(request)
    name = form.get("name")
    await services(request).identity.passkeys.rename(
        session.user_id, passkey_id, name if isinstance(name, str) else ""
    )
    return RedirectResponse(f"{HERE}?notice=named", 303)


@router.post("/passkeys/{passkey_id}/remove")
async def remove_passkey(request: Request, passkey_id: PasskeyId) -> Response:
    """Remove one of the person's passkeys."""
    session = await fresh_person(request, back=HERE)
    await checked_form(request)
    await services(request).identity.passkeys.remove(session.user_id, passkey_id)
    return RedirectResponse(f"{HERE}?notice=removed", 303)


@router.post("/auth/passkey/options")
async def request_options(request: Request) -> Response:
    """What the browser needs to sign somebody in by a passkey."""
    _check_stranger(request)
    return _json(await services(request).identity.passkeys.request_options())


@router.post("/auth/passkey")
async def sign_in(request: Request) -> Response:
    """Sign in by a passkey, from oO's own page only."""
    _check_stranger(request)
    body = await parse(request, PasskeyAnswer)
    cookie = await services(request).identity.passkeys.enter(body.credential, user_agent(request))
    response = Response(status_code=204)
    await enter(request, response, cookie)
    return response


def _check_stranger(request: Request) -> None:
    """Raise Forged for another site's request, and TooManyRequests for too many of an address."""
    if is_foreign(request.headers, services(request).settings.base_url):
        raise Forged
    rates: Rates = request.app.state.rates
    rates.count(Cost.PAGE, f"passkeys {address_of(request.client)}")


def _json(content: str) -> Response:
    return Response(content, media_type="application/json")


PAGE = Page("passkeys", router)
