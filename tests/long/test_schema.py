"""20,000 cases of the OpenAPI document, half of them in walks along its links."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.schema.__main__ import told
from tests.bench.schema.cases import send_single, send_walks
from tests.bench.schema.people import ADMIN_TOKEN, People
from tests.bench.schema.sending import AMPLE, Sender
from tests.peers.serving import served
from tests.unit.web.served import Served

pytestmark = pytest.mark.timeout(3600)

CASES = 20_000


def test_nobody_gets_what_the_document_does_not_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = People.at(tmp_path / "test.db")
    with (
        capsys.disabled(),
        served(Served(tmp_path, others={"admin_token": ADMIN_TOKEN}, **AMPLE)) as address,
    ):
        sender = Sender(address, people, told(Console(highlight=False)))
        send_single(sender, CASES // 2)
        report = send_walks(sender, CASES // 2)
    assert report.wrong == []
    assert report.cases >= CASES
