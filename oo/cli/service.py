"""The contract of a service beside oO: one file in `oo/cli/services`, exported as ``SERVICE``.

It is a real server with its data in the data folder, on loopback, with a password of its own.
"""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where the service lives: its folder, its port, and the secret that opens it."""

    folder: Path
    port: int
    secret: str


class Start(NamedTuple):
    """How it is started: the command, and what its environment has besides."""

    command: list[str]
    environment: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    `programs` are the names of its server, in the order of preference, looked for in `folders` and
    then, with `on_path`, where programs are; `missing` says what to install, FOLDER being its own.
    `prepare` is called before each start; one that listens before it serves says when it
    `is_ready`. `url` says the address for the setting `variable`; with none, no part of oO uses it.
    """

    name: str
    words: str
    variable: str
    programs: tuple[str, ...]
    missing: str
    start: Callable[[Place, str], Start]
    url: Callable[[Place], str]
    prepare: Callable[[Place, str], None] = field(default=lambda place, program: None)
    folders: Callable[[Path], tuple[str, ...]] = field(default=lambda folder: ())

    on_path: bool = True
    is_ready: Callable[[Place, str], bool] = field(default=lambda place, program: True)

    def program(self, folder: Path) -> str | None:
        """The path of its server; None if it is not installed."""
        usual = (None, "/usr/sbin", "/usr/local/bin") if self.on_path else ()
        for name in self.programs:
            for place in (*self.folders(folder), *usual):
                found = shutil.which(name, path=place)
                if found is not None:
                    return found
        return None


def new_secret() -> str:
    """A password that needs no quoting anywhere."""
    return secrets.token_hex(24)


def write_private(path: Path, text: str) -> Path:
    """A file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path
