"""What a route of the API may answer beside its result, in the OpenAPI document."""

from typing import Any

from oo.kit.errors import OoError

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def answers(*errors: type[OoError]) -> dict[int | str, dict[str, Any]]:
    """For the `responses` of a route."""
    return {error.status: {"description": error.title, "content": PROBLEM} for error in errors}
