"""What the person allows: forms of the data page."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.domain.consents import purposes
from oo.kit.errors import BadRequest
from oo.store import consenting
from oo.store.consents import Said
from oo.web.auth import person
from oo.web.forms import checked_form
from oo.web.page import Page, page_routes
from oo.web.services import services

router = page_routes()
HOW = "data page"


@router.post("/data/consents")
async def set_consent(request: Request) -> Response:
    """Take or give back one consent; whatever uses it follows at once."""
    session = await person(request)
    form = await checked_form(request)
    purpose = purposes().get(str(form.get("purpose", "")))
    if purpose is None or not purpose.switch:
        raise BadRequest("There is no such switch.")
    parts = services(request)
    given = form.get("on") == "1"
    said = Said(purpose.name, purpose.version, given, parts.clock.now(), HOW)
    async with parts.db.write() as connection:
        await consenting.change(connection, session.user_id, said)
    parts.refill.behind(session.user_id)
    return RedirectResponse("/data#allowed", 303)


PAGE = Page("consent", router)
