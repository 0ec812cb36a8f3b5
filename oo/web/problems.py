"""Errors as RFC 9457 problem details, or as pages for people; nothing internal leaks into them."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from oo.identity.sudo import SignInAgain
from oo.kit.errors import (
    BadRequest,
    Malformed,
    NotFound,
    OoError,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from oo.kit.invalid import in_words
from oo.store.failures import AGAIN_S, holds_nul, store_is_away
from oo.web.audience import wants_page
from oo.web.error_page import error_page, to_sign_in, to_sign_in_again

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
NO_NUL = "A text in it holds a NUL character, which cannot be kept."
# what the framework says by a status alone
_SAID = {
    400: (BadRequest.code, BadRequest.title, "The request cannot be read."),
    404: (NotFound.code, NotFound.title, "There is nothing at this address."),
    405: ("method_not_allowed", "Not possible here", "This address is asked in another way."),
    413: (TooLarge.code, TooLarge.title, "The request is too large."),
}


class Problem(BaseModel):
    """What every error answers (RFC 9457); `code` is what clients branch on."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class _Said(NamedTuple):
    """An error in words."""

    status: int
    code: str
    title: str
    detail: str
    headers: Mapping[str, str] = {}


def problem(
    status: int, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """One problem document; `code` is what clients branch on."""
    said = Problem(type=f"urn:oo:{code}", title=title, status=status, code=code, detail=detail)
    return JSONResponse(said.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error that the routes of `app` raise."""

    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, error)

    for kind in (OoError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def answer(request: Request, error: Exception, *, on_page: bool = False) -> Response:
    """The answer to any error: the one mapping from errors to answers.

    A person gets a page and a program a problem document; with `on_page`, one that does not tell
    what it is counts as a person.
    """
    said, path = _said(request, error), request.url.path
    if not wants_page(request.headers, by_default=on_page):
        return problem(*said)
    if isinstance(error, Unauthorized):
        return to_sign_in(path)
    if isinstance(error, SignInAgain):
        return to_sign_in_again(error.back)
    return error_page(path, said.status, said.title, said.detail, said.headers)


def _said(request: Request, error: Exception) -> _Said:
    match error:
        case OoError():
            headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            return _Said(error.status, error.code, error.title, error.detail, headers)
        case RequestValidationError():
            where = in_words(error.errors(), "request")
            return _Said(Malformed.status, Malformed.code, Malformed.title, where)
        case HTTPException():
            text = str(error.detail)
            headers = dict(error.headers or {})
            if error.status_code == 405:
                headers["Allow"] = ", ".join(sorted(_allowed(request)))
            return _Said(
                error.status_code,
                *_SAID.get(error.status_code, ("http_error", text, text)),
                headers,
            )
        case ClientDisconnect():
            return _Said(400, *_SAID[400])  # nobody reads it
        case _ if holds_nul(error):
            return _Said(Malformed.status, Malformed.code, Malformed.title, NO_NUL)
        case _ if store_is_away(error):
            log.warning("the store is away on %s %s: %s", request.method, request.url.path, error)
            headers = {"Retry-After": str(AGAIN_S)}
            detail = "What oO keeps cannot be reached or written right now; try again."
            return _Said(Unavailable.status, Unavailable.code, Unavailable.title, detail, headers)
        case _:
            log.error("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
            return _Said(500, "internal", "Something went wrong", "It was logged; try again.")


def _allowed(request: Request) -> set[str]:
    """The methods of all routes at the address; the framework names those of the first only."""
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", "")}
    found: set[str] = set()
    for route in request.app.router.routes:
        if route.matches(scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or {"GET"}
    return found | ({"HEAD"} if "GET" in found else set())
