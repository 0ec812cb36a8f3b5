"""Letting others of the machine go first."""

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psutil

T = TypeVar("T")
BEHIND = 10  # of what works ahead of need: nobody waits for it


def stay_behind(niceness: int = BEHIND) -> None:
    """Let the other processes of the machine go first, from now on.

    On Linux it holds for the thread that calls, and for the threads and processes that this one
    starts. Nobody but root may take it back.
    """
    os.setpriority(os.PRIO_PROCESS, 0, niceness)


def behind(do: Callable[[], T]) -> T:
    """What `do` returns, done while all others go first; the thread that calls stays as it was."""
    with ThreadPoolExecutor(1, initializer=stay_behind) as thread:
        return thread.submit(do).result()


@contextlib.contextmanager
def on_half_of_the_processors() -> Iterator[None]:
    """This process, and what it starts in the block, leave half of the processors to others.

    Unlike niceness anybody may take it back, which happens at the end of the block. Where there is
    one processor, or no way to choose, nothing changes.
    """
    if not hasattr(os, "sched_setaffinity"):  # not on macOS
        yield
        return
    every = os.sched_getaffinity(0)
    half = set(sorted(every)[len(every) // 2 :])
    _allow(half, every)
    try:
        yield
    finally:
        while _allow(every, half):  # what started meanwhile may have been missed
            pass


def _allow(processors: set[int], before: set[int]) -> int:
    """Have all threads of this process and of its descendants that were allowed `before` use these.

    How many there were; other choices of their own stay.
    """
    if processors == before:
        return 0
    found = 0
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.Error, OSError):
            for thread in process.threads():
                if os.sched_getaffinity(thread.id) == before:
                    os.sched_setaffinity(thread.id, processors)
                    found += 1
    return found
