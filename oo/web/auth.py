"""The person behind a request."""

from fastapi import Request

from oo.identity.sessions import cookie_name
from oo.store.sessions import SessionRow
from oo.web.services import services


async def person(request: Request) -> SessionRow:
    """The live session of the request; raises Unauthorized when there is none."""
    parts = services(request)
    return await parts.accounts.of(request.cookies.get(cookie_name(parts.settings)))
