"""Whether oO can start on this machine, and on this data folder."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from oo.cli.running import LOCK
from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings

PROBE_BYTES = 1024**2
NEEDED_MEMORY = 3 * 1024**3


def check_machine(settings: Settings) -> None:
    """Raise ConfigurationError, saying what to do, when oO cannot start here."""
    _check_address(settings.host, settings.port)
    free = psutil.virtual_memory().available
    if free < NEEDED_MEMORY:
        raise ConfigurationError(
            f"oO needs about {NEEDED_MEMORY >> 30} GiB of free memory and finds"
            f" {free / 2**30:.1f} GiB; close something and try again."
        )


def _check_address(host: str, port: int) -> None:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ConfigurationError(f"OO_HOST: {host} is no address: {error.strerror}.") from error
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} on {host} is taken ({error.strerror});"
                " end what uses it or choose another with OO_PORT."
            ) from error


@contextmanager
def data_dir(settings: Settings) -> Iterator[Path]:
    """The data folder, for one running oO only."""
    folder = settings.data_dir.resolve()
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        lock.acquire(timeout=0)
    except OSError as error:
        raise _not_writable(folder, error) from error
    except Timeout:
        raise ConfigurationError(
            f"oO is already running on {folder}; end it, or choose another OO_DATA_DIR."
        ) from None
    with lock:
        _check_writable(folder)
        yield folder


def _check_writable(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The data folder {folder} cannot be written ({error.strerror}): free space, give this user"
        " the right, or choose another OO_DATA_DIR."
    )
