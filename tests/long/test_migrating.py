"""A release takes over from the one before on one PostgreSQL store, and no request fails."""

import subprocess
import sys

import pytest

from tests.bench.migrating import ROOT, before_newest_migration, run
from tests.bench.noticed import print_all
from tests.peers.postgres import BIN

pytestmark = [
    pytest.mark.timeout(1500),
    pytest.mark.skipif(BIN is None, reason="needs Debian's postgresql"),
]
PER_SECOND = 20.0


def has_history() -> bool:
    """Whether this checkout has the commits of before; one that was fetched for a build may not."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "--is-shallow-repository"]
    done = subprocess.run(asked, capture_output=True, text=True)
    return done.stdout.strip() == "false"


@pytest.mark.skipif(not has_history(), reason="needs the commits of before")
def test_a_release_takes_over_without_a_failed_request(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        phases, checked = run(before_newest_migration(), PER_SECOND)
        sys.stdout.write("\n")
        print_all(phases, checked)
    assert checked.is_whole
    assert [it for it in phases if it.failed] == []
