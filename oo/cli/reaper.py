"""No process of a run outlives `oo serve`, however that ends.

A process of its own notes every process that `oo serve` started, and ends them when the pipe to it
closes: that happens at any death, also by `kill -9`. Should it die as well, the next start on the
data folder ends what was noted. A note has the time when the process started, so that one that got
the number of a dead one is never taken for it.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

RECORD = "running.processes"
PROXY_FILE = "/haproxy.cfg"
EVERY_S = (0.5, 2.0)  # at first, and once nothing new comes: a look reads all of /proc
SAME_START_S = 1.0  # the system's idea of when it was booted moves a little with its clock
ENDED_WITHIN_S = 10.0
MOST_LOOKS = 5


@contextlib.contextmanager
def reaped(record: Path) -> Iterator[None]:
    """End what this process starts in the block, at its end or when this process dies."""
    command = [sys.executable, "-I", str(Path(__file__).resolve()), str(os.getpid()), str(record)]
    # not in the terminal's group: Ctrl-C is for `oo serve`
    reaper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - no shell
    try:
        yield
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            reaper.communicate(timeout=ENDED_WITHIN_S)
        reaper.kill()
        _bury_children()


def end_left_over(record: Path, run: Path) -> int:
    """End the processes that a dead run left; how many there were.

    Its record proves them to be its own, and a proxy's command line, which names a file in the
    folder `run`: each reload makes a new one, which may not have been noted yet.
    """
    try:
        noted = json.loads(record.read_text())
        found = [it for pid, started in noted if (it := _same(int(pid), float(started)))]
    except (OSError, ValueError, TypeError):
        found = []
    ended = _end([*found, *_proxies(run)])
    for _ in range(MOST_LOOKS):
        # whoever was starting a proxy just then left it to nobody: it would keep the port
        escaped = list(_proxies(run))
        if not escaped:
            break
        ended += _end(escaped)
    record.unlink(missing_ok=True)
    return ended


def main() -> None:
    """Note the descendants of a process until it closes the pipe, then end them."""
    parent, record = psutil.Process(int(sys.argv[1])), Path(sys.argv[2])
    this, seen = psutil.Process(), set[psutil.Process]()
    written: set[psutil.Process] = set()
    pause, longest = EVERY_S
    while not select.select([sys.stdin], [], [], pause)[0]:
        with contextlib.suppress(psutil.Error, OSError):
            seen = {it for it in seen if it.is_running()} | set(parent.children(recursive=True))
            pause = EVERY_S[0] if seen != written else min(1.2 * pause, longest)
            if seen != written:
                # the disk may be full; what was written is better than nothing
                _write(record, [this, *(seen - {this})])
                written = set(seen)
    with contextlib.suppress(psutil.Error):
        seen |= set(parent.children(recursive=True))
    _end(it for it in seen if it != this)
    record.unlink(missing_ok=True)


def _write(record: Path, processes: Iterable[psutil.Process]) -> None:
    part = record.with_suffix(".part")
    noted = []
    for it in processes:
        with contextlib.suppress(psutil.Error):
            noted.append((it.pid, it.create_time()))
    part.write_text(json.dumps(noted))
    part.replace(record)


def _same(pid: int, started: float) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < SAME_START_S and process.pid != os.getpid():
            return process
    return None


def _proxies(run: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            files = (it for it in process.cmdline() if it.endswith(PROXY_FILE))
            if any(Path(it).is_relative_to(run) for it in files):
                yield process


def _end(processes: Iterable[psutil.Process]) -> int:
    """Kill these and all that they started, also meanwhile."""
    known, alive = set(processes), set[psutil.Process]()
    for _ in range(5):
        for it in list(known):
            with contextlib.suppress(psutil.Error):
                known |= set(it.children(recursive=True))
        alive = {it for it in known if lives(it)}
        if not alive:
            break
        for it in alive:
            with contextlib.suppress(psutil.Error):
                it.kill()
        psutil.wait_procs(alive, timeout=1)
    return len(known)


def lives(process: psutil.Process) -> bool:
    """Whether it runs, or could: one that only waits to be buried does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _bury_children() -> None:
    """Take note of the ends of children that nothing else waits for."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
