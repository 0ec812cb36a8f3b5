"""kill -9 of everything in a nightly batch: it goes on where it was, and nobody has two turns."""

from pathlib import Path

import pytest

from tests.bench.nightly import run

pytestmark = pytest.mark.timeout(1200)

PEOPLE = 8


def test_a_killed_batch_goes_on_where_it_was(tmp_path: Path) -> None:
    found = run(tmp_path, PEOPLE)
    assert PEOPLE / 2 <= found["done_when_killed"] < PEOPLE
    assert found["done_at_start"] >= found["done_when_killed"]
    assert (found["done"], found["is_finished"]) == (PEOPLE, True)
    assert found["turns_of_before_that_moved"] == 0
    assert found["people_written_for_twice"] == 0
