"""Errors as RFC 9457 problem details; nothing internal leaks into them."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from oo.kit.errors import OoError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


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
    app.add_exception_handler(OoError, _business)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _business(_: Request, error: Exception) -> Response:
    assert isinstance(error, OoError)  # noqa: S101 - registered for this type only
    return of_error(error)


async def _malformed(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    where = "; ".join(
        f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()
    )
    return problem(422, "malformed", "The payload is malformed", where)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return problem(error.status_code, code, str(error.detail), str(error.detail))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "Something went wrong", "It was logged; please try again.")
