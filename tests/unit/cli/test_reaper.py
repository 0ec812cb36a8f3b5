"""What a run started ends with it, and nothing else does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest

from oo.cli import reaper
from oo.cli.reaper import RECORD, end_left_over

PARENT = """
import subprocess, sys, time
from pathlib import Path
from oo.cli.reaper import reaped
with reaped(Path(sys.argv[1])):
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print(child.pid, flush=True)
    time.sleep(600)
"""


def parent(record: Path) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process with a child that would outlive it, and that child, noted."""
    started = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(record)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout
    child = psutil.Process(int(started.stdout.readline()))
    until(lambda: record.exists() and str(child.pid) in record.read_text())
    return started, child


def until(condition: object) -> None:
    deadline = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_over(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    started, child = parent(tmp_path / RECORD)
    started.kill()
    started.wait()
    until(lambda: is_over(child))
    until(lambda: not (tmp_path / RECORD).exists())


def test_what_parent_and_reaper_left_is_ended_by_the_next_start(tmp_path: Path) -> None:
    started, child = parent(tmp_path / RECORD)
    for process in psutil.Process(started.pid).children():
        if process != child:
            process.kill()
    started.send_signal(signal.SIGKILL)
    started.wait()
    assert not is_over(child)
    assert end_left_over(tmp_path / RECORD, tmp_path / "run") >= 1
    until(lambda: is_over(child))
    assert end_left_over(tmp_path / RECORD, tmp_path / "run") == 0


def test_one_that_got_the_number_of_a_dead_one_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "600"])
    try:
        noted = [(other.pid, psutil.Process(other.pid).create_time() - 3600), (os.getpid(), 0)]
        (tmp_path / RECORD).write_text(json.dumps(noted))
        assert end_left_over(tmp_path / RECORD, tmp_path / "run") == 0
        (tmp_path / RECORD).write_text("{ not JSON")
        assert end_left_over(tmp_path / RECORD, tmp_path / "run") == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def proxy(run: Path) -> subprocess.Popen[bytes]:
    file = str(run / "node" / "haproxy.cfg")
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "-f", file])


def test_a_proxy_that_was_started_while_its_manager_was_ended_is_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It belongs to nobody then, and would keep the port from the next run."""
    end, late = reaper._end, list[subprocess.Popen[bytes]]()

    def slow_end(processes: Iterable[psutil.Process]) -> int:
        found = end(processes)
        if len(late) < 2:
            late.append(proxy(tmp_path / "run"))
        return found

    monkeypatch.setattr(reaper, "_end", slow_end)
    try:
        assert end_left_over(tmp_path / RECORD, tmp_path / "run") == 2
        assert [it.wait(10) is not None for it in late] == [True, True]
    finally:
        for it in late:
            it.kill()
            it.wait()


def test_a_proxy_that_was_not_noted_yet_is_ended_by_its_file(tmp_path: Path) -> None:
    ours, others = proxy(tmp_path / "run"), proxy(tmp_path / "run2")
    try:
        assert end_left_over(tmp_path / RECORD, tmp_path / "run") == 1
        assert ours.wait(10) is not None
        assert others.poll() is None
    finally:
        for it in (ours, others):
            it.kill()
            it.wait()
