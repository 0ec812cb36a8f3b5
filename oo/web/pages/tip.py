"""The tip page: black, one tip, three gestures."""

from fastapi import Request
from starlette.responses import Response

from oo.web.auth import person
from oo.web.page import Page, page_routes
from oo.web.rendering import page

router = page_routes()


@router.get("/")
async def tip_page(request: Request) -> Response:
    """Black, one tip, three gestures."""
    session = await person(request)
    return page("tip.html", person=session.user_id, timezone=session.timezone)


PAGE = Page("tip", router)
