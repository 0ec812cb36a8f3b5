"""The connect page behind the gear: sources, and the person's own sessions."""

from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from oo.domain.signals import Connect, Reconnect
from oo.integrations.imports import ImportResult
from oo.kit.errors import BadRequest, Conflict, Gone, OoError, TooLarge
from oo.store.sessions import SessionRow
from oo.web.audience import wants_page
from oo.web.auth import person
from oo.web.forms import checked_form, form_token, session_cookie
from oo.web.page import Page, page_routes
from oo.web.rates import Cost
from oo.web.rendering import page
from oo.web.services import services
from oo.web.user_agent import describe_agent

router = page_routes()

SHOWN_ERRORS = 5
FORM_OVERHEAD = 4096  # what a form adds to the file in it
NOTICES = {
    "connected": "Connected.",
    "disconnected": "Disconnected. What was kept of it is erased.",
    "declined": "Nothing was connected.",
    "again": "That took too long or was started elsewhere. Connect again.",
    "unavailable": "The source does not answer right now. Try again in a moment.",
    "ended": "The session was ended.",
    "ended-others": "All other sessions were ended.",
    "undone": "Undone. Your list is what it was before.",
    "too-late": "It is too late to undo that.",
    "built-on": "That cannot be undone: something of the list has changed since.",
}


@router.get("/connect")
async def connect_page(request: Request) -> Response:
    """The sources and the person's own sessions."""
    session = await person(request)
    return await _connect_page(
        request, session, notice=NOTICES.get(request.query_params.get("notice", ""))
    )


@router.get("/connect/{source}/start")
async def start_connect(request: Request, source: str) -> Response:
    """Send the browser to the provider's consent page."""
    session = await person(request, Cost.HEAVY)
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return RedirectResponse("/connect", 303)  # a tap on oO's own page starts it
    start = services(request).integrations.start_connect(session.user_id, source)
    return RedirectResponse(start.url, 303)


@router.get("/connect/{source}/callback")
async def finish_connect(request: Request, source: str) -> Response:
    """The browser comes back from the provider."""
    session = await person(request, Cost.HEAVY)
    query = request.query_params
    if "code" not in query:
        return _notice("declined")
    try:
        await services(request).integrations.finish_connect(
            session.user_id, source, query["code"], query.get("state", "")
        )
    except (BadRequest, Reconnect):
        return _notice("again")
    except OoError:
        return _notice("unavailable")
    return _notice("connected")


@router.post("/connect/{source}/disconnect")
async def disconnect(request: Request, source: str) -> Response:
    """Erase the connection; what was given at its provider is revoked behind."""
    session = await person(request, Cost.HEAVY)
    await checked_form(request)
    await services(request).integrations.disconnect(session.user_id, source)
    return _notice("disconnected")


@router.post("/connect/{source}/import")
async def import_list(request: Request, source: str) -> Response:
    """Take what is in a file or in pasted text."""
    session = await person(request, Cost.HEAVY)
    parts = services(request)
    limit = parts.settings.limits.import_bytes
    try:
        form = await checked_form(request, max_part_bytes=limit)
    except TooLarge as error:
        return await _connect_page(request, session, into=source, import_error=error)
    try:
        filename, data = await _uploaded(form, limit)
        result = await parts.integrations.import_file(session.user_id, filename, data, source)
    except (BadRequest, Conflict, TooLarge) as error:
        return await _connect_page(request, session, into=source, import_error=error)
    finally:
        await form.close()
    return await _connect_page(request, session, into=source, imported=result)


@router.post("/connect/{source}/undo")
async def undo_import(request: Request, source: str) -> Response:
    """Undo the last import."""
    session = await person(request, Cost.HEAVY)
    await checked_form(request)
    parts = services(request)
    try:
        await parts.integrations.undo_import(session.user_id, source)
    except Gone:
        return _notice("too-late")
    except Conflict:
        return _notice("built-on")
    parts.refill.behind(session.user_id)
    return _notice("undone")


async def _uploaded(form: FormData, limit: int) -> tuple[str, bytes]:
    file, text = form.get("file"), form.get("list")
    if isinstance(file, UploadFile) and file.filename:
        data = await file.read(limit + 1)
        if len(data) > limit:
            raise TooLarge(f"The file is larger than {limit // 1024} KiB.")
        return file.filename, data
    if isinstance(text, str) and text.strip():
        return "pasted list", text.encode()
    raise BadRequest("Choose a file or paste a list.")


async def _connect_page(
    request: Request,
    session: SessionRow,
    *,
    notice: str | None = None,
    into: str | None = None,
    imported: ImportResult | None = None,
    import_error: OoError | None = None,
) -> Response:
    if import_error is not None and not wants_page(request.headers, by_default=True):
        raise import_error
    parts = services(request)
    own = await parts.identity.sessions.list_for(session.user_id, session_cookie(request))
    listed = await parts.integrations.list_for(session.user_id)
    zone = ZoneInfo(session.timezone)
    return page(
        "connect.html",
        import_error.status if import_error else 200,
        csrf=form_token(request),
        session=session,
        integrations=sorted(listed, key=lambda it: Connect.UPLOAD in it.manifest.connect),
        sessions=[
            {
                "id": it.id,
                "agent": describe_agent(it.user_agent),
                "since": f"{it.created_at.astimezone(zone):%-d %B, %H:%M}",
                "used": f"{it.seen_at.astimezone(zone):%-d %B, %H:%M}",
                "is_current": it.is_current,
            }
            for it in own
        ],
        notice=notice,
        imported_into=into,
        imported=imported,
        shown_errors=SHOWN_ERRORS,
        max_bytes=parts.settings.limits.import_bytes - FORM_OVERHEAD,
        import_error=import_error.detail if import_error else None,
    )


def _notice(code: str) -> Response:
    return RedirectResponse(f"/connect?notice={code}", 303)


PAGE = Page("connect", router)
