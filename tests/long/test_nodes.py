"""oO on a head and two workers goes on while one dies, one comes, the head is away, all is anew."""

import sys

import pytest

from tests.bench.nodes import ENOUGH, WORDS, run
from tests.bench.noticed import print_all, say
from tests.peers.postgres import BIN
from tests.peers.redis import SERVER

pytestmark = [
    pytest.mark.timeout(1500),
    pytest.mark.skipif(BIN is None or SERVER is None, reason="needs Debian's postgresql and redis"),
]
PER_SECOND = 20.0


def test_what_dies_takes_no_reaction_along(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        phases, checked = run(list(WORDS), PER_SECOND, say)
        sys.stdout.write("\n")
        print_all(phases, checked)
    assert checked.acknowledged > 0
    assert checked.is_whole
    assert " 0 behind" in checked.replay
    for phase in phases:
        assert phase.answered >= ENOUGH.get(phase.name, 1.0), phase
