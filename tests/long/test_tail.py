"""The live tail under load: pages, bus and viewers in processes of their own, for a few seconds."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(180)
def test_no_viewer_loses_an_event_of_500_a_second() -> None:
    command = [sys.executable, "-m", "tests.bench.tail", "--seconds", "5", "--quiet", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "0 lost" in done.stdout
