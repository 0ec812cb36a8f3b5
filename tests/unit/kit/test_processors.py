"""What starts leaves half of the processors to what serves, and has all of them afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oo.kit.processors import CHOOSES, STARTER, half_of, on_half

pytestmark = pytest.mark.skipif(
    not CHOOSES or len(os.sched_getaffinity(0)) < 2, reason="there is one processor, or no choice"
)
ROOT = Path(__file__).parents[3]
PRINTS = "import os; print(len(os.sched_getaffinity(0)), flush=True); input()"
# a starter of replicas under this test; each replica says what it may use before and after
REPLICA = """\
import os
from oo.kit.processors import serve_on_all
before = len(os.sched_getaffinity(0))
serve_on_all()
print(before, len(os.sched_getaffinity(0)))
"""
STARTS = f"""\
import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(15, b"{STARTER}", 0, 0, 0)  # PR_SET_NAME
for _ in range(2):
    subprocess.run([sys.executable, "-c", {REPLICA!r}], check=True)
"""


def test_what_starts_meanwhile_leaves_half_to_others_and_has_all_afterwards() -> None:
    every = os.sched_getaffinity(0)
    with on_half():
        child = subprocess.Popen(
            [sys.executable, "-c", PRINTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout
        assert int(child.stdout.readline()) == len(half_of(every))
        assert os.sched_getaffinity(0) == half_of(every)
    assert os.sched_getaffinity(0) == every
    assert os.sched_getaffinity(child.pid) == every
    child.communicate("\n", timeout=10)


def test_who_chose_other_processors_keeps_them() -> None:
    one = {min(os.sched_getaffinity(0))}
    with on_half():
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        os.sched_setaffinity(child.pid, one)
    assert os.sched_getaffinity(child.pid) == one
    child.communicate(b"\n", timeout=10)


def test_a_replica_that_starts_beside_one_that_serves_begins_with_half() -> None:
    every = len(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-c", STARTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    half = len(half_of(os.sched_getaffinity(0)))
    assert done.stdout.splitlines() == [f"{every} {every}", f"{half} {every}"]


@pytest.mark.parametrize(
    ("every", "half"), [({3}, {3}), ({0, 1}, {1}), ({0, 1, 4}, {1, 4}), ({0, 2, 4, 6}, {4, 6})]
)
def test_half_is_one_processor_at_least(every: set[int], half: set[int]) -> None:
    assert half_of(every) == half
