"""Every scenario of `make faults` is found by its place and described in `docs/faults.md`."""

import re
from pathlib import Path

from tests.faults.scenario import all_scenarios
from tests.faults.table import HEADS, markdown

DOCUMENT = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()


def test_every_scenario_is_described_and_nothing_else() -> None:
    named = set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE))
    assert named == {scenario.name for scenario in all_scenarios()}


def test_the_table_in_the_document_is_that_of_the_command() -> None:
    assert markdown(()).splitlines()[0] in DOCUMENT
    assert "lost" in HEADS
