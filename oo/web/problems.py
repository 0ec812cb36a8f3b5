"""Errors as RFC 9457 problem details; nothing internal leaks into them."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from oo.kit.errors import OoError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What every error answers (RFC 9457); `code` is what clients branch on."""

    type: str
    title: str
    status: int
    code: str
    detail: str


def problem(
    status: int, code: str, title: str, detail: str, *, retry_after: int | None = None
) -> Response:
    """One problem document; `code` is what clients branch on."""
    body = {
        "type": f"urn:oo:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return JSONResponse(
        body,
        status,
        headers={"Retry-After": str(retry_after)} if retry_after is not None else None,
        media_type=MEDIA_TYPE,
    )


def of_error(error: OoError) -> Response:
    """The problem document of a business error."""
    return problem(
        error.status, error.code, error.title, error.detail, retry_after=error.retry_after
    )


def install(app: FastAPI) -> None:
    """Answer every error of `app` with problem details."""

    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, error)

    for kind in (OoError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def answer(request: Request, error: Exception) -> Response:
    """The problem document of any error: the one mapping from errors to answers."""
    match error:
        case OoError():
            return of_error(error)
        case RequestValidationError():
            where = (f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors())
            return problem(422, "malformed", "The payload is malformed", "; ".join(where))
        case HTTPException():
            code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code)
            return problem(
                error.status_code, code or "http_error", str(error.detail), str(error.detail)
            )
        case _:
            log.error("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
            return problem(500, "internal", "Something went wrong", "It was logged; try again.")
