"""Who gives way has what it started back on all processors afterwards."""

import os
import subprocess
import sys

import pytest

from oo.kit.niceness import on_half_of_the_processors

CHOOSES = hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1
PRINTS = "import os; print(len(os.sched_getaffinity(0)), flush=True); input()"


@pytest.mark.skipif(not CHOOSES, reason="there is one processor, or no choice")
def test_what_starts_meanwhile_leaves_half_to_others_and_has_all_afterwards() -> None:
    every = os.sched_getaffinity(0)
    with on_half_of_the_processors():
        child = subprocess.Popen(
            [sys.executable, "-c", PRINTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout
        assert int(child.stdout.readline()) == len(every) - len(every) // 2
        assert len(os.sched_getaffinity(0)) < len(every)
    assert os.sched_getaffinity(0) == every
    assert os.sched_getaffinity(child.pid) == every
    child.communicate("\n", timeout=10)


@pytest.mark.skipif(not CHOOSES, reason="there is one processor, or no choice")
def test_who_chose_other_processors_keeps_them() -> None:
    one = {min(os.sched_getaffinity(0))}
    with on_half_of_the_processors():
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        os.sched_setaffinity(child.pid, one)
    assert os.sched_getaffinity(child.pid) == one
    child.communicate(b"\n", timeout=10)
