"""The person's own sessions: forms on the connect page."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.web.auth import person
from oo.web.forms import checked_form, session_cookie
from oo.web.page import Page, page_routes
from oo.web.services import services

router = page_routes()


@router.post("/sessions/{session_id}/end")
async def end_session(request: Request, session_id: str) -> Response:
    """End one of the person's own sessions."""
    session = await person(request)
    await checked_form(request)
    await services(request).identity.sessions.end(session.user_id, session_id)
    return RedirectResponse("/connect?notice=ended", 303)


@router.post("/sessions/end-others")
async def end_other_sessions(request: Request) -> Response:
    """End all of the person's sessions but this one."""
    session = await person(request)
    await checked_form(request)
    await services(request).identity.sessions.end_others(session.user_id, session_cookie(request))
    return RedirectResponse("/connect?notice=ended-others", 303)


PAGE = Page("sessions", router)
