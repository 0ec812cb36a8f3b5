"""The document says what is answered, problems too."""

from typing import Any

import pytest

from oo.web.problems import MEDIA_TYPE, Problem
from tests.unit.web.conftest import Site

SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def document(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = (await site.browser().get("/openapi.json")).json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        errors = {s: it for s, it in operation["responses"].items() if int(s) >= 400}
        assert {"431", "500", "503"} <= set(errors), path
        assert method == "get" or {"403", "413"} <= set(errors), path
        for answer in errors.values():
            schema = answer["content"][MEDIA_TYPE]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


async def test_a_problem_is_described_as_it_is_answered(
    site: Site, document: dict[str, Any]
) -> None:
    described = document["components"]["schemas"]["Problem"]
    assert described == Problem.model_json_schema()
    browser = await site.signed_in()
    answer = await browser.post("/feedback", headers={**SAME, "idempotency-key": "k"}, content="{")
    assert answer.status_code == 422
    assert set(answer.json()) == set(described["required"])
    assert "HTTPValidationError" not in str(document)


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text, schemas = str(document), document["components"]["schemas"]
    named = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
