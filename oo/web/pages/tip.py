"""The tip page: black, one tip, three gestures."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.domain.consents import OFFLINE_COPY
from oo.store import consents
from oo.web.auth import person
from oo.web.page import Page, page_routes
from oo.web.pages.legal import not_agreed
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()


@router.get("/")
async def tip_page(request: Request) -> Response:
    """Black, one tip, three gestures; first what has changed of what the person agreed to."""
    session = await person(request)
    async with services(request).db.read() as connection:
        if "later" not in request.query_params and await not_agreed(connection, session.user_id):
            return RedirectResponse("/agree", 303)
        offline_copy = await consents.is_given(connection, session.user_id, OFFLINE_COPY)
    return page(
        "tip.html",
        person=session.user_id,
        timezone=session.timezone,
        offline_copy=offline_copy,
    )


PAGE = Page("tip", router)
