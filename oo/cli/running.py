"""The running oO as its own HTTP routes tell of it."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from oo.kit.settings import Settings


def health(settings: Settings) -> dict[str, Any] | None:
    """What `/health/ready` says; None while nothing answers."""
    address = f"http://{settings.host}:{settings.port}/health/ready"
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
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
