"""Identifiers: time-ordered, so that new rows land at the end of an index."""

import os
import uuid

from oo.kit.clock import Clock


def new_id(clock: Clock) -> str:
    """A fresh UUID version 7 (RFC 9562, section 5.7) as 32 hexadecimal digits."""
    millis = int(clock.now().timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    value = (millis & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value).hex
