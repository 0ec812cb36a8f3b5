"""When oO may speak up: quiet hours, a budget, "not now", and what was sent when and why."""

from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from oo.domain.quiet import NotNow
from oo.kit.errors import BadRequest
from oo.web import delivery
from oo.web.auth import person
from oo.web.delivery import MOST, Wishes
from oo.web.forms import checked_form, form_token
from oo.web.page import Page, page_routes
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()
HERE = "/delivery"
NOTICES = {
    "kept": "Kept.",
    "paused": "oO leaves you alone until then.",
    "resumed": "oO speaks up again, when it is worth it.",
}
OUTCOMES = {
    "acted": "You did it.",
    "opened": "You looked at it.",
    "dismissed": "You waved it away.",
    "ignored": "Nothing came of it.",
    "switched_off": "You switched notifications off afterwards.",
}


@router.get(HERE)
async def delivery_page(request: Request) -> Response:
    """What the person set, and what they were sent."""
    session = await person(request)
    zone = ZoneInfo(session.timezone)
    told = await delivery.tell(services(request), session)
    return page(
        "delivery.html",
        csrf=form_token(request),
        notice=NOTICES.get(request.query_params.get("notice", "")),
        told=told,
        zone=session.timezone.replace("_", " "),
        budgets=range(MOST + 1),
        paused=f"{told.not_before.astimezone(zone):%A, %H:%M}" if told.not_before else None,
        sent=[
            {
                "at": f"{it.at.astimezone(zone):%-d %B, %H:%M}",
                "why": it.why,
                "content": it.content,
                "outcome": OUTCOMES.get(it.outcome or "", ""),
            }
            for it in told.sent
        ],
    )


@router.post("/delivery/wishes")
async def set_wishes(request: Request) -> Response:
    """Keep quiet hours and budget."""
    session = await person(request)
    form = await checked_form(request)
    try:
        wishes = Wishes(
            quiet_from=str(form.get("quiet_from", "")),
            quiet_until=str(form.get("quiet_until", "")),
            budget=int(str(form.get("budget", ""))),
        )
    except (ValidationError, ValueError) as error:
        raise BadRequest(
            f"Quiet hours are times such as 22:00, a budget is a number from 0 to {MOST}."
        ) from error
    await delivery.wish(services(request), session, wishes)
    return RedirectResponse(f"{HERE}?notice=kept", 303)


@router.post("/delivery/not-now")
async def leave_alone(request: Request) -> Response:
    """Leave the person alone for a while, or no longer."""
    session = await person(request)
    said = str((await checked_form(request)).get("until", ""))
    if said not in {*NotNow, ""}:
        raise BadRequest("It is for an hour, for today, or until tomorrow.")
    await delivery.pause(services(request), session, NotNow(said) if said else None)
    return RedirectResponse(f"{HERE}?notice={'paused' if said else 'resumed'}", 303)


PAGE = Page("delivery", router)
