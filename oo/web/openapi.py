"""The OpenAPI document: beside its answer, each operation names every problem it may answer."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import FastAPI

from oo.kit.errors import (
    Forbidden,
    HeadersTooLarge,
    OoError,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from oo.web.problems import MEDIA_TYPE, Problem

Answers = dict[int | str, dict[str, Any]]

SCHEMA = {"$ref": "#/components/schemas/Problem"}
# of every operation that a person's session is needed for
PERSONAL = (Unauthorized, Forbidden)
AT_THE_DOOR = (HeadersTooLarge, OoError, TooManyRequests, Unavailable)  # of every operation
WITH_BODY = (Forbidden, TooLarge)  # of every operation that changes something


class Link(NamedTuple):
    """What an answer makes possible: an operation, and what of the answer it takes.

    `takes` are runtime expressions (OpenAPI 3.1, Link Object) by parameter, `body` by field.
    """

    method: str
    path: str
    takes: dict[str, str] = {}  # noqa: RUF012 - nobody changes it
    body: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


def links(status: int, **named: Link) -> Answers:
    """What may follow on the answer `status` of a route, for its `responses`."""
    return {status: {"links": {name: _link(link) for name, link in named.items()}}}


def answers(*errors: type[OoError]) -> Answers:
    """What a route may answer beside its result, for its `responses`."""
    return {error.status: _described(error) for error in errors}


def install(app: FastAPI) -> None:
    """Make the document of `app` complete."""
    generate = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(generate())
        found: dict[str, Any] = app.openapi_schema or {}
        return found

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):  # never answered
        schemas.pop(name, None)
    for operations in document["paths"].values():
        for method, operation in operations.items():
            errors = AT_THE_DOOR if method == "get" else (*AT_THE_DOOR, *WITH_BODY)
            _add(operation["responses"], errors)


def _add(responses: dict[str, Any], errors: Iterable[type[OoError]]) -> None:
    for error in errors:
        described = responses.setdefault(str(error.status), _described(error))
        described.setdefault("content", {})[MEDIA_TYPE] = {"schema": SCHEMA}


def _link(link: Link) -> dict[str, Any]:
    path = quote(link.path.replace("~", "~0").replace("/", "~1"))  # RFC 6901, in a URI
    said: dict[str, Any] = {"operationRef": f"#/paths/{path}/{link.method}"}
    if link.takes:
        said["parameters"] = link.takes
    if link.body:
        said["requestBody"] = link.body
    return said


def _described(error: type[OoError]) -> dict[str, Any]:
    return {"description": error.title, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
