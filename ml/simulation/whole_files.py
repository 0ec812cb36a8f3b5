"""A local file system whose files appear whole or not at all, for what must outlive a kill.

Ray Tune copies the state of an experiment over the one before, in place, after every step; a kill
in the middle of a copy leaves half a file, and with it an experiment that cannot go on.
"""

from io import FileIO
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem
from pyarrow.fs import FSSpecHandler, PyFileSystem

PARTIAL = ".partial"


class _Replacing(FileIO):
    """Writes beside `path` and takes its place when closed, unless a write has failed."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._partial = Path(path + PARTIAL)
        self._whole = True
        super().__init__(self._partial, "wb")

    def write(self, data: Any) -> int:
        """Write all of `data`, or leave what was there before."""
        view = memoryview(data).cast("B")
        written = 0
        try:
            while written < len(view):
                written += super().write(view[written:]) or 0
        except OSError:
            self._whole = False
            raise
        return written

    def close(self) -> None:
        """Put the file in its place."""
        if self.closed:
            return
        super().close()
        if self._whole:
            self._partial.replace(self._path)
        else:
            self._partial.unlink()


class _WholeFiles(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    cachable = False

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if mode != "wb":
            return super()._open(path, mode=mode, **options)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return _Replacing(path)


def whole_files() -> PyFileSystem:
    """The file system, as pyarrow and with it Ray Tune takes one."""
    return PyFileSystem(FSSpecHandler(_WholeFiles(auto_mkdir=True)))
