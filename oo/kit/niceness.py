"""Letting others of the machine go first."""

import os
import threading
from collections.abc import Callable
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
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        stay_behind()
        try:
            found.append(do())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
