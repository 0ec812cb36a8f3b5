"""The end of e-mails, by their link alone: one press (RFC 8058), signed in or not."""

from fastapi import Request
from starlette.responses import Response

from oo.kit.errors import Gone
from oo.web.page import Page, page_routes
from oo.web.rates import Cost, Rates, address_of
from oo.web.rendering import message, page
from oo.web.services import services

router = page_routes()


@router.get("/unsubscribe/{token}")
async def ask(request: Request, token: str) -> Response:
    """A press is asked for: programs that look at links in mails open them, too."""
    _count(request)
    return page("unsubscribe.html", token=token)


@router.post("/unsubscribe/{token}")
async def unsubscribe(request: Request, token: str) -> Response:
    """End it; whoever does so twice is told the same."""
    _count(request)
    if not await services(request).push.devices.end_by_token(token):
        raise Gone("Nothing is sent there any more.")
    return message("Ended", "Nothing is sent there any more.", 200, "/", "oO")


def _count(request: Request) -> None:
    """Raise TooManyRequests for too many of an address."""
    rates: Rates = request.app.state.rates
    rates.count(Cost.PAGE, f"unsubscribe {address_of(request.client)}")


PAGE = Page("unsubscribe", router)
