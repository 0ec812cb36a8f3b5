"""Measurements that are made by hand run: each with little to do, and by its own command.

Those that start the whole product, and those that only measure a time, are left out.
"""

import subprocess
import sys

import pytest

COMMANDS = {
    "deciding": ["--people", "40"],
    "learning.replay": ["--total", "60"],
    "console": ["--tips", "100,200", "--people", "50", "--stores", "sqlite", "--looks", "2"],
    "deliveries": ["--sendings", "20", "--limit", "60"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_measurement_runs(name: str) -> None:
    """They are written once and needed a year later, when what they call has moved on."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *COMMANDS[name]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert any(it.isdigit() for it in done.stdout)
