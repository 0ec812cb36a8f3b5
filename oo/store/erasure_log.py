"""The list of erasures that is kept beside the store: a restored backup is held against it."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import orjson

from oo.kit.errors import ConfigurationError

FILE_NAME = "erasures.log"


class Erased(NamedTuple):
    """A person, by the hash of their id, who asked for erasure then, and got this receipt."""

    person: str
    at: datetime
    receipt: str


class ErasureLog:
    """The file ``erasures.log`` of the data folder: a line for each, only ever added to."""

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self.path = folder / name

    def read(self) -> dict[str, Erased]:
        """All of them by person; a last line that was cut off while it was written does not count.

        Raises ConfigurationError for any other line that cannot be read.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        found = {}
        for number, line in enumerate(lines[:-1], 1):
            if not line:  # closes a line that was cut off
                continue
            try:
                told = orjson.loads(line)
                at = datetime.fromisoformat(told["at"])
                found[told["person"]] = Erased(told["person"], at, told["receipt"])
            except (ValueError, KeyError, TypeError) as error:
                if number < len(lines) - 1 and not lines[number]:
                    continue  # the cut-off line itself
                raise ConfigurationError(
                    f"Line {number} of {self.path} is damaged, and the people in it would come"
                    " back. Put the file back from a copy."
                ) from error
        return found

    def touch(self) -> None:
        """Make the file if there is none, so that one that is missing says something."""
        if not self.path.exists():
            self._append(b"")

    def add(self, erased: Erased) -> None:
        """Write it down for good, unless it is there."""
        self.add_all([erased])

    def add_all(self, erased: Iterable[Erased]) -> int:
        """Write down for good which of them are not there; how many those were."""
        known = self.read()
        new = [it for it in erased if it.person not in known]
        if new:
            is_cut = self.path.exists() and not self._ends_whole()
            self._append((b"\n\n" if is_cut else b"") + b"".join(map(_line, new)))
        return len(new)

    def _ends_whole(self) -> bool:
        data = self.path.read_bytes()
        return not data or data.endswith(b"\n")

    def _append(self, data: bytes) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _line(erased: Erased) -> bytes:
    told = {**erased._asdict(), "at": erased.at.astimezone(UTC).isoformat()}
    return orjson.dumps(told) + b"\n"
