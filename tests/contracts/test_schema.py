"""Whatever the OpenAPI document allows, or does not: what is answered is what the document says.

`python -m tests.bench.schema` does the same to a running oO, with as many cases as you like.
"""

import asyncio
from pathlib import Path

import pytest

from tests.bench.schema import AMPLE, Checked
from tests.bench.seed import seed
from tests.peers.serving import served
from tests.unit.web.served import Served

CASES = 800


@pytest.mark.timeout(300)
def test_two_people_get_what_the_document_says(tmp_path: Path) -> None:
    seeded = asyncio.run(seed(tmp_path / "test.db", 2, 0))
    with served(Served(tmp_path, **AMPLE)) as address:
        report = Checked(address, seeded.cookies).run(CASES)
    assert report.wrong == []
    assert report.cases >= CASES
    answered = {status for _, status in report.statuses}
    assert {200, 204, 303, 400, 401, 404, 410, 422} <= answered
