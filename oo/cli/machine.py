"""Whether oO can start on this machine, and on this data folder."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings

NEEDED_MEMORY = 3 * 1024**3


def check_machine(settings: Settings) -> None:
    """Raise ConfigurationError, saying what to do, when oO cannot start here."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {settings.port} on {settings.host} is taken ({error.strerror});"
                " end what uses it or choose another with OO_PORT."
            ) from error
    free = psutil.virtual_memory().available
    if free < NEEDED_MEMORY:
        raise ConfigurationError(
            f"oO needs about {NEEDED_MEMORY >> 30} GiB of free memory and finds"
            f" {free / 2**30:.1f} GiB; close something and try again."
        )


@contextmanager
def data_dir(settings: Settings) -> Iterator[Path]:
    """The data folder, for one running oO only."""
    folder = settings.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "running.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigurationError(
            f"oO is already running on {folder}; end it, or choose another OO_DATA_DIR."
        ) from None
    with lock:
        yield folder
