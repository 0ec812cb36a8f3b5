"""Letting others of the machine go first."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

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
