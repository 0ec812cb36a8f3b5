"""The running oO: where it is, and what its own HTTP routes tell of it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
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
    """What `/health/ready` says; None while nothing answers, or no tip can be served."""
    state = readiness(settings)
    return state if state and state.get("status") == "ok" else None


def readiness(settings: Settings) -> dict[str, Any] | None:
    """What `/health/ready` says, of what is missing too; None while nothing answers."""
    return _json(settings, "/health/ready")


def parts(settings: Settings) -> dict[str, str]:
    """The state of each part; empty while nothing answers."""
    return _json(settings, "/health/parts") or {}


def figures(settings: Settings, timeout_s: float = 5) -> str | None:
    """What `/metrics` says; None where nothing answers, or this settings' token is not the one."""
    token = settings.metrics_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return _said(settings, "/metrics", headers, timeout_s).decode()
    except (OSError, ValueError):
        return None


def _json(settings: Settings, path: str) -> dict[str, Any] | None:
    """The JSON that a path answers with, whatever its status."""
    try:
        body = json.loads(_said(settings, path, {}, 1))
    except urllib.error.HTTPError as error:
        try:
            body = json.load(error)
        except (OSError, ValueError):
            return None
    except (OSError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def _said(settings: Settings, path: str, headers: Mapping[str, str], timeout_s: float) -> bytes:
    host = EVERYWHERE.get(settings.host, settings.host)
    address = f"{http_address(host, settings.port)}{path}"
    asked = urllib.request.Request(address, headers=dict(headers))  # noqa: S310 - http, see above
    with urllib.request.urlopen(asked, timeout=timeout_s) as answer:  # noqa: S310
        body: bytes = answer.read()
        return body


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
