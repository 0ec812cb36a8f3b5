"""A person's ways to sign in at providers: seen, added and removed."""

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.identity.identities import OwnIdentity
from oo.web.auth import fresh_person, person
from oo.web.forms import checked_form, form_token
from oo.web.guard import Forged
from oo.web.page import Page, page_routes
from oo.web.pages.sign_in import begin
from oo.web.rates import Cost
from oo.web.rendering import page
from oo.web.services import Services, services

router = page_routes()

NOTICES = {
    "added": "Added. You can sign in with it from now on.",
    "known": "You sign in with that account already.",
    "removed": "Removed. It signs nobody in any more.",
}
OWN = {"local": "The link on this machine", "script": "A script of this machine"}


@router.get("/identities")
async def identities_page(request: Request) -> Response:
    """The person's identities, and the providers to add another one of."""
    session = await person(request)
    parts = services(request)
    own = await parts.identity.identities.list_for(session.user_id)
    zone = ZoneInfo(session.timezone)
    return page(
        "identities.html",
        csrf=form_token(request),
        notice=NOTICES.get(request.query_params.get("notice", "")),
        choices=parts.identity.openid.choices(),
        identities=[
            {
                "id": it.id,
                "title": _title(parts, it),
                "email": it.email,
                "forwards_mail": it.forwards_mail,
                "used": f"{it.used_at.astimezone(zone):%-d %B, %H:%M}",
            }
            for it in own
        ],
    )


@router.get("/identities/{provider}/add")
async def add_identity(request: Request, provider: str) -> Response:
    """Send the browser to the provider, to add the account that comes back."""
    if request.headers.get("sec-fetch-site") != "same-origin":
        raise Forged  # whoever chose the account would be let in from then on
    session = await fresh_person(request, Cost.HEAVY, "/identities")
    openid = services(request).identity.openid
    return begin(request, await openid.start(provider, "/identities", link_to=session.token_hash))


@router.post("/identities/{identity_id}/remove")
async def remove_identity(request: Request, identity_id: str) -> Response:
    """Take one of the person's identities away; raises LastIdentity for the only one."""
    session = await fresh_person(request, back="/identities")
    await checked_form(request)
    await services(request).identity.identities.unlink(session.user_id, identity_id)
    return RedirectResponse("/identities?notice=removed", 303)


def _title(parts: Services, identity: OwnIdentity) -> str:
    for choice in parts.identity.openid.choices():
        if choice.issuer == identity.issuer:
            return choice.title
    return OWN.get(identity.issuer) or urlsplit(identity.issuer).netloc or identity.issuer


PAGE = Page("identities", router)
