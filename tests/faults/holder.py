"""A holder of people's states in a process of its own, told over a pipe what to do.

``python -m tests.faults.holder ADDRESS``; a line each: ``fold`` folds everybody's log and answers
``folded``, ``flush`` writes the states and answers ``flushed``.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

import psutil

from oo.kit.clock import SystemClock
from oo.recommend.learner import Learner
from oo.store import users
from tests.faults.inside import opened
from tests.faults.judging import POLICY

ROOT = Path(__file__).parents[2]
START_S = 60.0


async def main(address: str) -> None:
    db = opened(address)
    learner = Learner(db, POLICY, SystemClock())
    print("ready", flush=True)  # noqa: T201 - it is what the pipe is for
    # one line after the other: nothing else runs in this process
    for line in sys.stdin:
        order = line.strip()
        if order == "fold":
            async with db.read() as connection:
                newest = await users.sequences(connection)
            await learner.catch_up({user: seq for user, seq in newest.items() if seq})
            print("folded", flush=True)  # noqa: T201
        else:
            await learner.flush()
            print("flushed", flush=True)  # noqa: T201
    await db.close()


class Holder:
    """The process, and what it is told."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._as_process = psutil.Process(process.pid)
        self._heard = b""  # and not asked for yet

    def tell(self, order: str) -> None:
        """Send an order; a frozen process reads it when it goes on."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n".encode())
        self._process.stdin.flush()

    def answered(self, within_s: float) -> bool:
        """Whether it answered an order in time."""
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        while b"\n" not in self._heard:
            if not select([out], [], [], within_s)[0]:
                return False
            heard = os.read(out, 4096)
            if not heard:
                return False
            self._heard += heard
        self._heard = self._heard.partition(b"\n")[2]
        return True

    def do(self, *orders: str, within_s: float = 30.0) -> None:
        """Send orders one after the other; raises TimeoutError when one is not done in time."""
        for order in orders:
            self.tell(order)
            if not self.answered(within_s):
                raise TimeoutError(order)

    def stop(self) -> None:
        """SIGSTOP, and return once it stands still."""
        self._as_process.suspend()
        end = time.monotonic() + 5
        while self._as_process.status() != psutil.STATUS_STOPPED and time.monotonic() < end:
            time.sleep(0.0005)

    def go_on(self) -> None:
        """SIGCONT."""
        self._as_process.resume()


@contextmanager
def holder(address: str) -> Iterator[Holder]:
    """A running one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.holder", address],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    made = Holder(process)
    try:
        assert made.answered(START_S), "the holder did not start"
        yield made
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
