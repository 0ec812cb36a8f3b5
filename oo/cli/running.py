"""The running oO: where it is, and what its own HTTP routes tell of it."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock, Timeout

from oo.kit.settings import Settings, http_address

LOCK = "running.lock"
ADDRESS = "running.address"
RECORDED = ("host", "port", "public_url")
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound


@contextmanager
def recorded(settings: Settings) -> Iterator[None]:
    """Tell other commands on the data folder where oO is, for as long as the block runs."""
    file = settings.data_dir.resolve() / ADDRESS
    file.write_text(json.dumps({name: getattr(settings, name) for name in RECORDED}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def as_running(settings: Settings) -> Settings:
    """The settings with the address of the oO that runs on this data folder, if one does."""
    folder = settings.data_dir.resolve()
    if not (folder / ADDRESS).exists() or not _is_held(FileLock(folder / LOCK)):
        return settings
    try:
        found = json.loads((folder / ADDRESS).read_text())
        return settings.model_copy(update={name: found[name] for name in RECORDED})
    except (OSError, ValueError, KeyError, TypeError):
        return settings


def is_running(settings: Settings) -> bool:
    """Whether an oO of this machine runs on the data folder."""
    lock = settings.data_dir.resolve() / LOCK
    return lock.exists() and _is_held(FileLock(lock))


def health(settings: Settings) -> dict[str, Any] | None:
    """What `/health/ready` says; None while nothing answers."""
    host = EVERYWHERE.get(settings.host, settings.host)
    address = f"{http_address(host, settings.port)}/health/ready"
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - http, see above
            body: dict[str, Any] = json.load(answer)
            return body
    except (OSError, ValueError):
        return None


def wait_until(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.2) -> bool:
    """Whether `condition()` came true within `timeout_s` seconds."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return False


def _is_held(lock: FileLock) -> bool:
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True
