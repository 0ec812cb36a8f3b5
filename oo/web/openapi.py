"""The OpenAPI document: beside its answer, each operation names every problem it may answer."""

from collections.abc import Iterable
from typing import Any

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
PERSONAL = (Unauthorized, Forbidden, TooManyRequests)
AT_THE_DOOR = (HeadersTooLarge, OoError, Unavailable)  # of every operation
WITH_BODY = (Forbidden, TooLarge)  # of every operation that changes something


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


def _described(error: type[OoError]) -> dict[str, Any]:
    return {"description": error.title, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
