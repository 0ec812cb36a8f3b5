"""Forms of oO's own pages: read once, and only with the session's token in them."""

import hmac

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from oo.identity.sessions import cookie_name, csrf_token
from oo.kit.errors import BadRequest, Forbidden
from oo.web.problems import NO_NUL
from oo.web.services import services

FIELD = "csrf"
MAX_FIELDS = 20


def session_cookie(request: Request) -> str:
    """The session cookie's value, empty when there is none."""
    return request.cookies.get(cookie_name(services(request).settings), "")


def form_token(request: Request) -> str:
    """What a form of this session carries in the field `csrf`."""
    return csrf_token(session_cookie(request))


async def read_form(
    request: Request, *, max_files: int = 0, max_part_bytes: int = 64 * 1024
) -> FormData:
    """The submitted form; raises BadRequest for one that cannot be read, or holds a NUL."""
    try:
        form = await request.form(
            max_files=max_files, max_fields=MAX_FIELDS, max_part_size=max_part_bytes
        )
    except HTTPException as error:
        raise BadRequest(f"The form cannot be read: {error.detail}") from error
    except (ValueError, LookupError) as error:  # such as a charset that is none
        raise BadRequest("The form cannot be read.") from error
    if any("\0" in text for pair in form.multi_items() for text in pair if isinstance(text, str)):
        await form.close()
        raise BadRequest(NO_NUL)
    return form


async def checked_form(request: Request, max_part_bytes: int = 64 * 1024) -> FormData:
    """The submitted form; raises Forbidden unless it was made for this session.

    One that may hold a file is the caller's to close.
    """
    form = await read_form(request, max_files=1, max_part_bytes=max_part_bytes)
    given = form.get(FIELD) or request.headers.get("x-csrf-token", "")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode(), form_token(request).encode()
    ):
        await form.close()
        raise Forbidden("This form is too old. Reload the page and try again.")
    return form
