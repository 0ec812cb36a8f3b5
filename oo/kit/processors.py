"""What starts leaves half of the processors to what serves.

A process that starts imports for seconds with all that it gets, and several of them together leave
those that serve too little to answer in time. Niceness would tell them apart, but who was made nice
stays so, while which processors a process may use is its user's to choose at any time. Nothing
changes where there is one processor, or where the system offers no choice (macOS).
"""

import contextlib
import os
from collections.abc import Iterator

import psutil

CHOOSES = hasattr(os, "sched_setaffinity")
LOOKS = 5  # at the most: what starts while one is taken may be missed
STARTER = "raylet"  # what starts replicas, as a child of whatever started it


@contextlib.contextmanager
def on_half() -> Iterator[None]:
    """This process, and what it starts in the block, use half of the processors; then all again.

    What starts replicas stays, as after :func:`serve_on_all`.
    """
    if not CHOOSES:
        yield
        return
    every = os.sched_getaffinity(0)
    _allow(psutil.Process(), half_of(every))
    try:
        yield
    finally:
        this, half = psutil.Process(), half_of(every)
        for _ in range(LOOKS):
            found = (this, *this.children(recursive=True))
            if not sum(_allow(it, every, half) for it in found if not _starts_replicas(it)):
                break


def serve_on_all() -> None:
    """This replica has started: it goes on with all processors that its node was given.

    What the node starts from now on begins with half of them. Libraries that count processors when
    they are loaded go by OMP_NUM_THREADS, which Ray sets for each replica.
    """
    with contextlib.suppress(psutil.Error, OSError):
        starter = psutil.Process().parent()
        if CHOOSES and starter and _starts_replicas(starter):
            every = os.sched_getaffinity(starter.ppid())
            _allow(starter, half_of(every))
            for _ in range(LOOKS):
                if not _allow(psutil.Process(), every):
                    break


def half_of(processors: set[int]) -> set[int]:
    """The later half of them, one at least."""
    return set(sorted(processors)[len(processors) // 2 :])


def _starts_replicas(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name() == STARTER
    return False


def _allow(process: psutil.Process, processors: set[int], only: set[int] | None = None) -> bool:
    """Have all threads of the process use these; with `only`, those that use just those now.

    Whether there were any that did not.
    """
    moved = False
    with contextlib.suppress(psutil.Error, OSError):
        for thread in process.threads():
            now = os.sched_getaffinity(thread.id)
            if now != processors and only in (None, now):
                os.sched_setaffinity(thread.id, processors)
                moved = True
    return moved
