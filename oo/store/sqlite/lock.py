"""The turn of writers: an advisory file lock that all processes on one SQLite file share.

SQLite allows one writer at a time. Waiting for it by its own busy handler means sleeping and
polling, which ruins the tail; the kernel hands this lock over at once, and releases it when a
holder dies.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from oo.kit.finish import finished


class WriterLock:
    """One process' hold on the lock beside the database file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".writer")
        self._turn = asyncio.Lock()
        self._file: int | None = None

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Wait for the turn, first among this process' tasks, then among processes."""
        async with self._turn:
            await self._take()
            try:
                yield
            finally:
                self._drop()

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def _take(self) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pass
        try:
            await finished(asyncio.to_thread(fcntl.flock, self._file, fcntl.LOCK_EX))
        except asyncio.CancelledError:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
