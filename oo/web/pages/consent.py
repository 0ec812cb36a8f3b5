"""What the person allows: a form on the connect page."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.store import users
from oo.web.auth import person
from oo.web.forms import checked_form
from oo.web.page import Page, page_routes
from oo.web.services import services

router = page_routes()


@router.post("/connect/pooling")
async def set_pooling(request: Request) -> Response:
    """Take or give back the consent to pooling; the next fit follows it."""
    session = await person(request)
    form = await checked_form(request)
    parts = services(request)
    since = parts.clock.now() if form.get("on") == "1" else None
    async with parts.db.write() as connection:
        await users.set_pooling(connection, session.user_id, since)
    return RedirectResponse("/connect", 303)


@router.post("/connect/cloud-models")
async def set_cloud_models(request: Request) -> Response:
    """Take or give back the consent to cloud models; the next tips that are written follow it."""
    session = await person(request)
    form = await checked_form(request)
    parts = services(request)
    since = parts.clock.now() if form.get("on") == "1" else None
    async with parts.db.write() as connection:
        await users.set_cloud_models(connection, session.user_id, since)
    parts.refill.behind(session.user_id)
    return RedirectResponse("/connect", 303)


PAGE = Page("consent", router)
