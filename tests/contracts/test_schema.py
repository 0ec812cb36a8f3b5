"""Whatever the OpenAPI document allows, or does not: what is answered is what the document says.

`tests/long/test_schema.py` sends 20,000 cases, `python -m tests.bench.schema` as many as you like
to a running oO.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.schema.cases import send_single, send_walks
from tests.bench.schema.people import ADMIN_TOKEN, People
from tests.bench.schema.sending import AMPLE, Sender
from tests.peers.serving import served
from tests.unit.web.served import Served

CASES, IN_WALKS = 700, 250
MOST_TIMES = 4


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    people = People.at(tmp_path / "test.db")
    with served(Served(tmp_path, others={"admin_token": ADMIN_TOKEN}, **AMPLE)) as address:
        yield Sender(address, people)


@pytest.mark.timeout(600)
def test_everybody_gets_what_the_document_says(sender: Sender) -> None:
    missing = {200, 202, 204, 303, 400, 401, 403, 404, 410, 422}
    for _ in range(MOST_TIMES):  # cases are drawn: a rare answer may want more of them
        report = send_single(sender, CASES)
        assert report.wrong == []
        assert report.cases >= CASES
        missing -= {status for _, status in report.statuses}
        if not missing:
            break
    assert missing == set()


@pytest.mark.timeout(300)
def test_so_they_do_on_walks_along_its_links(sender: Sender) -> None:
    # tips that were served were seen, explained and reacted to; not those of others
    follows = ("POST /api/tips/{tip_id}/seen", "GET /api/tips/{tip_id}/why")
    answers: dict[str, set[int]] = {}
    for _ in range(MOST_TIMES):  # walks are drawn, too
        report = send_walks(sender, IN_WALKS)
        assert report.wrong == []
        assert report.cases >= IN_WALKS
        answers = {it: {code for label, code in report.statuses if label == it} for it in follows}
        if all({404} < found & {200, 204, 404} for found in answers.values()):
            break
    for label, found in answers.items():
        assert {404} < found & {200, 204, 404}, label
