"""Short-lived sealed tokens that travel through a browser: state that needs no row."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

import orjson

from oo.kit.clock import Clock
from oo.kit.errors import ConfigurationError
from oo.vault.keyring import Keyring
from oo.vault.seal import SealError, seal, unseal


class TokenSealer:
    """Seals a small mapping into URL-safe text for `purpose`, readable here alone for a while."""

    def __init__(self, keyring: Keyring, clock: Clock, purpose: str, lifetime: timedelta) -> None:
        self._keyring = keyring
        self._clock = clock
        self._purpose = purpose
        self._lifetime = lifetime

    def seal(self, content: dict[str, str]) -> str:
        """The token; its content is neither readable nor changeable on the way."""
        expires = (self._clock.now() + self._lifetime).timestamp()
        body = orjson.dumps({"expires": expires, "content": content})
        key_id = self._keyring.current_id
        sealed = seal(self._keyring.derive(self._purpose, key_id), body, self._purpose)
        return f"{_encode(key_id.encode())}.{_encode(sealed)}"

    def unseal(self, token: str) -> dict[str, str] | None:
        """What was sealed, or None for a token that is forged, foreign or too old."""
        try:
            key_id, sealed = (_decode(part) for part in token.split("."))
            key = self._keyring.derive(self._purpose, key_id.decode())
            body: dict[str, Any] = orjson.loads(unseal(key, sealed, self._purpose))
        except (ValueError, ConfigurationError, SealError):
            return None
        if datetime.fromtimestamp(body["expires"], self._clock.now().tzinfo) <= self._clock.now():
            return None
        content: dict[str, str] = body["content"]
        return content


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
