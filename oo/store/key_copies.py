"""The copy of people's data keys that is kept apart from backups, so that an erased key stays so.

A backup has none. One copy, replaced by each backup and rid of whoever is erased, is all that opens
words in backups, older ones too; the keys in it are wrapped by a master key.
"""

import base64
import os
from collections.abc import Iterable
from pathlib import Path

import orjson

from oo.kit.errors import ConfigurationError
from oo.store.data_keys import DataKeyRow

FILE_NAME = "data.keys"


class KeyCopy:
    """The file ``data.keys`` of the data folder: a line for each person, replaced as a whole."""

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self.path = folder / name

    def exists(self) -> bool:
        """Whether there is one."""
        return self.path.exists()

    def read(self) -> dict[str, DataKeyRow]:
        """The keys by person; raises ConfigurationError for a file that was damaged."""
        if not self.exists():
            return {}
        found = {}
        for number, line in enumerate(self.path.read_bytes().splitlines(), 1):
            try:
                told = orjson.loads(line)
                wrapped = base64.b64decode(told["wrapped"], validate=True)
                found[told["person"]] = DataKeyRow(told["person"], wrapped, told["key"])
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigurationError(
                    f"Line {number} of {self.path} is damaged, and the words of the people in it"
                    " could not be read. Put the file back from a copy."
                ) from error
        return found

    def write(self, rows: Iterable[DataKeyRow]) -> None:
        """Keep these keys in place of those before."""
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            for row in rows:
                wrapped = base64.b64encode(row.wrapped).decode()
                told = {"person": row.user_id, "wrapped": wrapped, "key": row.kek_id}
                file.write(orjson.dumps(told) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def forget(self, user_id: str) -> None:
        """Destroy the person's key here too."""
        kept = self.read()
        if kept.pop(user_id, None) is not None:
            self.write(kept.values())
