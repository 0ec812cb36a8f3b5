"""A release takes over from the one before on the same store, and no request fails."""

import subprocess
import sys

import pytest

from tests.bench.code import ROOT, before_newest_migration
from tests.bench.migrating import is_kept, run
from tests.bench.noticed import print_all
from tests.peers.postgres import BIN

pytestmark = pytest.mark.timeout(1500)
PER_SECOND = 20.0


def has_history() -> bool:
    """Whether this checkout has the commits of before; one that was fetched for a build may not."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "--is-shallow-repository"]
    done = subprocess.run(asked, capture_output=True, text=True)
    return done.stdout.strip() == "false"


WAYS = [("in-place", "sqlite"), ("in-place", "postgres"), ("beside", "postgres")]


@pytest.mark.skipif(not has_history(), reason="needs the commits of before")
@pytest.mark.parametrize(("way", "store"), WAYS)
def test_a_release_takes_over_without_a_failed_request(
    way: str, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if store == "postgres" and BIN is None:
        pytest.skip("needs Debian's postgresql")
    with capsys.disabled():
        phases, checked = run(before_newest_migration(), PER_SECOND, way, store)
        sys.stdout.write("\n")
        print_all(phases, checked)
    assert is_kept(phases, checked)
